package commands

import (
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// purpose is what a form is for. Its name stands in the custom ids: /NAME/form/TOKEN is the
// form, /NAME/fix/TOKEN the button that opens it again.
type purpose struct {
	name string
	// unsaved begins the answer when what was filled in is refused.
	unsaved string
	// allowed asks whether the person may do this at all.
	allowed func(*Commands, *interaction, draft) error
	form    func(customID string, d draft) discord.ModalCreate
	// save does what the form is for; answer then says so. It takes out of the draft what
	// makes no sense to keep.
	save func(c *Commands, i *interaction, d *draft, resolved discord.ResolvedData) (answer func() error, err error)
}

// draft is a form that is being filled in. It outlives what was refused.
type draft struct {
	purpose   purpose
	owner     entities.Person // of a new entity; nobody = whoever fills the form in
	ownerName string
	entity    entities.Entity  // that is changed, as it is shown here
	local     bool             // only how it is shown on this server is changed
	profile   entities.Profile // of the entity, when the form was opened at first
	was       typed            // what stood in it then
	roleGone  bool             // the role that called the entity then is deleted
	typed
	// fix is the token of the "Fix it" button from which this form was opened.
	fix string
}

// typed is what stands in the fields of forms; no form has all of them.
type typed struct {
	name        string
	description string
	persona     string
	blocked     string // words and patterns, one on each line
	links       string // one of the values of a select; so are the mentions
	mentions    string
	length      string
	words       string       // with commas between them
	role        snowflake.ID // by which people call it; 0 for none
	channels    []snowflake.ID
	picture     upload
	ownPicture  bool // back to it
	minute      string
	hour        string
	day         string
}

// upload is a picture on Discord; the zero upload is none.
type upload struct {
	url  string
	name string
}

// The custom ids of the forms' fields are a contract with whoever fills them in by program.
const (
	fieldName        = "name"
	fieldDescription = "description"
	fieldPersona     = "persona"
	fieldWords       = "words"
	fieldRole        = "role"
	fieldAvatar      = "avatar"
	fieldOwnPicture  = "own_picture"
	fieldChannels    = "channels"
	fieldBlocked     = "blocked"
	fieldLinks       = "links"
	fieldMentions    = "mentions"
	fieldLength      = "length"
)

// read takes over what was filled in. A picture that was given before stays when no new one
// was chosen, unless the entity's own is wanted back.
func (t *typed) read(data discord.ModalSubmitInteractionData) {
	for id, into := range map[string]*string{
		fieldName: &t.name, fieldDescription: &t.description, fieldPersona: &t.persona, fieldWords: &t.words,
		fieldMinute: &t.minute, fieldHour: &t.hour, fieldDay: &t.day, fieldBlocked: &t.blocked, fieldLength: &t.length,
	} {
		if text, ok := data.OptText(id); ok {
			*into = text
		}
	}
	for id, into := range map[string]*string{fieldLinks: &t.links, fieldMentions: &t.mentions} {
		if chosen := data.StringValues(id); len(chosen) == 1 {
			*into = chosen[0]
		}
	}
	if menu, ok := data.ChannelSelectMenu(fieldChannels); ok {
		t.channels = append([]snowflake.ID(nil), menu.Values[:min(len(menu.Values), entities.MaxChannels)]...)
	}
	if menu, ok := data.RoleSelectMenu(fieldRole); ok {
		t.role = 0
		if len(menu.Values) > 0 {
			t.role = menu.Values[0]
		}
	}
	if field, ok := data.Component(fieldOwnPicture); ok {
		boxes, ok := field.(discord.CheckboxGroupComponent)
		if t.ownPicture = ok && len(boxes.Values) > 0; t.ownPicture {
			t.picture = upload{}
		}
	}
	if files := data.Attachments(fieldAvatar); len(files) > 0 {
		t.picture, t.ownPicture = upload{url: files[0].URL, name: files[0].Filename}, false
	}
}

// openForm shows the form with what the draft has in it already.
func (c *Commands) openForm(i *interaction, d draft) error {
	token, err := c.drafts.put(i.actor, d)
	if err != nil {
		return err
	}
	return i.open(d.purpose.form("/"+d.purpose.name+"/form/"+token, d))
}

// filled takes the filled-in form.
func (c *Commands) filled(i *interaction) error {
	in, ok := i.Interaction.(discord.ModalSubmitInteraction)
	if !ok {
		return errOdd
	}
	d, err := c.drafts.take(i.actor, i.vars["form"])
	if err != nil {
		return err
	}
	// The result takes the place of the message whose button opened the form.
	wait := i.think
	if i.isPrivate() {
		wait = i.prepare
	}
	if err := wait(); err != nil {
		return err
	}
	if err := d.purpose.allowed(c, i, d); err != nil {
		return err
	}
	d.read(in.Data)
	answer, err := d.purpose.save(c, i, &d, in.Data.Resolved)
	if err != nil {
		return c.offerFix(i, d, err)
	}
	c.drafts.drop(d.fix)
	return answer()
}

// offerFix says what is wrong and keeps what was typed: Discord lets no form be opened from a
// form, but from a button.
func (c *Commands) offerFix(i *interaction, d draft, reason error) error {
	text := c.words(i, reason)
	c.drafts.drop(d.fix)
	d.fix = ""
	token, err := c.drafts.put(i.actor, d)
	if err != nil {
		return err
	}
	return i.replace(message{
		content: d.purpose.unsaved + " " + text + "\n\nWhat you typed is kept for 15 minutes.",
		buttons: []discord.InteractiveComponent{discord.NewPrimaryButton("Fix it", "/"+d.purpose.name+"/fix/"+token)},
	})
}

// fix opens the form again, with what was typed.
func (c *Commands) fix(i *interaction) error {
	token := i.vars["form"]
	d, err := c.drafts.look(i.actor, token)
	if err != nil {
		return err
	}
	if err := d.purpose.allowed(c, i, d); err != nil {
		return err
	}
	d.fix = token
	return c.openForm(i, d)
}

// picture fetches the draft's picture. One that is refused is taken out of the draft.
func (c *Commands) picture(i *interaction, d *draft) (*entities.Avatar, error) {
	if d.picture.url == "" {
		return nil, nil
	}
	data, err := c.relay.FetchUpload(i.ctx, d.picture.url)
	var avatar entities.Avatar
	if err == nil {
		avatar, err = c.registry.DecodeAvatar(i.ctx, i.actor, data)
	}
	if err != nil {
		if _, refused := entities.AsRefusal(err); refused {
			d.picture = upload{}
		}
		return nil, err
	}
	return &avatar, nil
}
