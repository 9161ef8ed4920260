package sandbox

// AddUser makes an account and gives its id. Username counts; GlobalName, Avatar and Bot as given.
func (d *Discord) AddUser(u User) ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	u.ID = d.newID()
	if u.Discriminator == "" {
		u.Discriminator = "0"
	}
	d.state.users[u.ID] = &u
	return u.ID
}

// User is a copy of an account.
func (d *Discord) User(id ID) (User, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u := d.state.users[id]; u != nil {
		return *u, true
	}
	return User{}, false
}

// BotID is the id of the bot's account, and of its application.
func (d *Discord) BotID() ID { return d.bot }

// OwnerID is the id of the application's owner.
func (d *Discord) OwnerID() ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.app.owner
}

// SetOwner makes a user the owner of the application. With a team, the team owns it and
// the owner is who owns the team.
func (d *Discord) SetOwner(owner ID, team ...ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.app.owner, d.state.app.team = owner, team
}

// AllowIntents sets which privileged intents are switched on for the application, as in
// Discord's portal. At first the members and message content intents are. A session that
// asks for one that is off is closed with 4014.
func (d *Discord) AllowIntents(intents Intents) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.app.intents = intents & privilegedIntents
}
