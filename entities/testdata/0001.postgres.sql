CREATE TABLE audit (
    id bigint NOT NULL,
    at timestamp with time zone,
    actor text NOT NULL,
    act text NOT NULL,
    entity_id text NOT NULL,
    guild_id bigint NOT NULL,
    target text NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL
);
CREATE SEQUENCE audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE audit_id_seq OWNED BY audit.id;
CREATE TABLE channel_rules (
    entity_id text NOT NULL,
    guild_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    access text NOT NULL
);
CREATE TABLE credentials (
    id text NOT NULL,
    entity_id text NOT NULL,
    hash bytea NOT NULL,
    generation bigint NOT NULL,
    read bigint NOT NULL,
    created_at timestamp with time zone,
    last_used_at timestamp with time zone
);
CREATE TABLE entities (
    id text NOT NULL,
    name text NOT NULL,
    persona text NOT NULL,
    avatar text NOT NULL,
    owner_id bigint NOT NULL,
    state text NOT NULL,
    generation bigint NOT NULL,
    created_at timestamp with time zone
);
CREATE TABLE events (
    seq bigint NOT NULL,
    kind text NOT NULL,
    guild_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    message_id bigint NOT NULL,
    author_id bigint NOT NULL,
    author_entity text NOT NULL,
    at timestamp with time zone
);
CREATE SEQUENCE events_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE events_seq_seq OWNED BY events.seq;
CREATE TABLE guilds (
    id bigint NOT NULL,
    admitted boolean NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone
);
CREATE TABLE migrations (
    id character varying(255) NOT NULL
);
CREATE TABLE ownerships (
    message_id bigint NOT NULL,
    entity_id text NOT NULL,
    guild_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    at timestamp with time zone
);
CREATE TABLE pictures (
    hash text NOT NULL,
    png bytea NOT NULL
);
CREATE TABLE presences (
    entity_id text NOT NULL,
    guild_id bigint NOT NULL,
    state text NOT NULL,
    since bigint NOT NULL,
    created_at timestamp with time zone
);
CREATE TABLE settings (
    name text NOT NULL,
    value bytea NOT NULL
);
ALTER TABLE ONLY audit ALTER COLUMN id SET DEFAULT nextval('audit_id_seq'::regclass);
ALTER TABLE ONLY events ALTER COLUMN seq SET DEFAULT nextval('events_seq_seq'::regclass);
INSERT INTO audit VALUES (1, '2026-11-20 10:00:03.123456+00', 'system test', 'admit', '', 800000000000000001, '', 'done', '');
INSERT INTO audit VALUES (2, '2026-11-20 10:00:08.123456+00', 'member 900000000000000002', 'create', '1kc74x6pe22cnbre1mvcgjbdpw', 800000000000000001, '', 'done', '');
INSERT INTO audit VALUES (3, '2026-11-20 10:00:11.123456+00', 'member 900000000000000002', 'create', 'cfsx85bj8wx327f8bf6v683vfg', 800000000000000001, '', 'done', '');
INSERT INTO audit VALUES (4, '2026-11-20 10:00:15.123456+00', 'member 900000000000000002', 'create', 'gcehs4102nt092fa2na2ce2zpr', 800000000000000001, '', 'done', '');
INSERT INTO audit VALUES (5, '2026-11-20 10:00:18.123456+00', 'member 900000000000000003', 'create', '', 800000000000000001, '', 'refused', 'Only people with Manage Server can create entities here. Ask an admin of this server; they can create one for you.');
INSERT INTO channel_rules VALUES ('1kc74x6pe22cnbre1mvcgjbdpw', 800000000000000001, 700000000000000002, 'write');
INSERT INTO channel_rules VALUES ('1kc74x6pe22cnbre1mvcgjbdpw', 800000000000000001, 700000000000000001, 'write');
INSERT INTO channel_rules VALUES ('cfsx85bj8wx327f8bf6v683vfg', 800000000000000001, 700000000000000008, 'write');
INSERT INTO channel_rules VALUES ('gcehs4102nt092fa2na2ce2zpr', 800000000000000001, 700000000000000008, 'write');
INSERT INTO credentials VALUES ('f3bh1wv7zcm9t17m', 'gcehs4102nt092fa2na2ce2zpr', '\x7c298b298a814681a33f4366b3b9b1baeff81bc9d39c6e41d3762a96693f1a79', 1, 0, '2026-11-20 10:00:14.123456+00', NULL);
INSERT INTO credentials VALUES ('zvtnzr714ntgn9g8', '1kc74x6pe22cnbre1mvcgjbdpw', '\x29190cb57a34161f0bad15073538a641bd64da1e90b09c569f6bb34c4a4fe272', 1, 2, '2026-11-20 10:00:07.123456+00', '2026-11-20 10:00:16.123456+00');
INSERT INTO entities VALUES ('1kc74x6pe22cnbre1mvcgjbdpw', 'Ada', 'You are Ada.
It''s "fine" — žluťoučký 🐎', '8f9aae64d410eb9a9ba7a115fec22c431cf937a2a5ca6010dfbca344f8e2dfff', 900000000000000002, 'active', 1, '2026-11-20 10:00:04.123456+00');
INSERT INTO entities VALUES ('cfsx85bj8wx327f8bf6v683vfg', 'Bob', '', '', 900000000000000003, 'active', 1, '2026-11-20 10:00:09.123456+00');
INSERT INTO entities VALUES ('gcehs4102nt092fa2na2ce2zpr', 'Gone', '', '', 900000000000000002, 'deleted', 2, '2026-11-20 10:00:12.123456+00');
INSERT INTO events VALUES (1, 'message', 800000000000000001, 700000000000000002, 1, 900000000000000002, '', '2026-11-20 11:00:00+00');
INSERT INTO events VALUES (2, 'message', 800000000000000001, 700000000000000002, 2, 900000000000000001, '1kc74x6pe22cnbre1mvcgjbdpw', '2026-11-20 11:00:01.000005+00');
INSERT INTO events VALUES (3, 'message', 800000000000000001, 700000000000000002, 3, 900000000000000002, '', '2026-11-20 11:00:02+00');
INSERT INTO guilds VALUES (800000000000000001, true, 'system test', '2026-11-20 10:00:02.123456+00');
INSERT INTO migrations VALUES ('0001');
INSERT INTO ownerships VALUES (2, '1kc74x6pe22cnbre1mvcgjbdpw', 800000000000000001, 700000000000000002, '2026-11-20 11:00:01+00');
INSERT INTO pictures VALUES ('8f9aae64d410eb9a9ba7a115fec22c431cf937a2a5ca6010dfbca344f8e2dfff', '\x89504e470d0a1a0a0000000d494844520000000200000002080600000072b60d240000001149444154789c626280023803100000ffff00480005d0af4c7e0000000049454e44ae426082');
INSERT INTO presences VALUES ('1kc74x6pe22cnbre1mvcgjbdpw', 800000000000000001, 'active', 0, '2026-11-20 10:00:04.123456+00');
INSERT INTO presences VALUES ('cfsx85bj8wx327f8bf6v683vfg', 800000000000000001, 'active', 0, '2026-11-20 10:00:09.123456+00');
INSERT INTO presences VALUES ('gcehs4102nt092fa2na2ce2zpr', 800000000000000001, 'active', 0, '2026-11-20 10:00:12.123456+00');
INSERT INTO settings VALUES ('cursor', '\x6ae6783f4fbde91b6eb88b73a48ed247dbe5882e2579683432c1bfc525454add');
SELECT pg_catalog.setval('audit_id_seq', 5, true);
SELECT pg_catalog.setval('events_seq_seq', 3, true);
ALTER TABLE ONLY audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY channel_rules
    ADD CONSTRAINT channel_rules_pkey PRIMARY KEY (entity_id, guild_id, channel_id);
ALTER TABLE ONLY credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (id);
ALTER TABLE ONLY entities
    ADD CONSTRAINT entities_pkey PRIMARY KEY (id);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY guilds
    ADD CONSTRAINT guilds_pkey PRIMARY KEY (id);
ALTER TABLE ONLY migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ownerships
    ADD CONSTRAINT ownerships_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY pictures
    ADD CONSTRAINT pictures_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY presences
    ADD CONSTRAINT presences_pkey PRIMARY KEY (entity_id, guild_id);
ALTER TABLE ONLY settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (name);
CREATE INDEX idx_audit_at ON audit USING btree (at);
CREATE INDEX idx_audit_entity_id ON audit USING btree (entity_id);
CREATE INDEX idx_credentials_entity_id ON credentials USING btree (entity_id);
CREATE INDEX idx_entities_owner_id ON entities USING btree (owner_id);
CREATE INDEX idx_events_channel_id ON events USING btree (channel_id);
CREATE UNIQUE INDEX idx_events_message_once ON events USING btree (message_id) WHERE (kind = 'message'::text);
CREATE INDEX idx_ownerships_entity_id ON ownerships USING btree (entity_id);
CREATE INDEX idx_presences_guild_id ON presences USING btree (guild_id);
