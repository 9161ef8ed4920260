package sandbox

func editWebhook(d *Discord, c *call) (any, error) {
	w, err := d.managedWebhook(c, false)
	if err != nil {
		return nil, err
	}
	if err := d.changeWebhook(c, w, true); err != nil {
		return nil, err
	}
	return d.showWebhook(w, false), nil
}

func editWebhookByToken(d *Discord, c *call) (any, error) {
	w, err := d.tokenWebhook(c)
	if err != nil {
		return nil, err
	}
	if err := d.changeWebhook(c, w, false); err != nil {
		return nil, err
	}
	return d.showWebhook(w, true), nil
}

// changeWebhook applies a PATCH; only with the bot's own rights may it move the webhook.
func (d *Discord) changeWebhook(c *call, w *Webhook, mayMove bool) error {
	var in struct {
		Name      *string       `json:"name"`
		Avatar    field[string] `json:"avatar"`
		ChannelID ID            `json:"channel_id"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	f := form{}
	if in.Name != nil {
		checkWebhookName(&f, "name", in.Name)
	}
	avatar := imageHash(&f, "avatar", in.Avatar)
	if err := f.err(); err != nil {
		return err
	}
	from := w.ChannelID
	if mayMove && in.ChannelID != 0 && in.ChannelID != from {
		to := d.state.channels[in.ChannelID]
		switch {
		case to == nil || to.GuildID != w.GuildID:
			return refuse(10003)
		case !to.holdsWebhooks():
			return refuse(50024)
		}
		if err := d.need(to, ManageWebhooks); err != nil {
			return err
		}
		w.ChannelID = to.ID
	}
	if in.Name != nil {
		w.Name = *in.Name
	}
	if in.Avatar.Set {
		w.Avatar = avatar
	}
	d.webhooksChanged(w.GuildID, from)
	if w.ChannelID != from {
		d.webhooksChanged(w.GuildID, w.ChannelID)
	}
	return nil
}

func deleteWebhook(d *Discord, c *call) (any, error) {
	w, err := d.managedWebhook(c, false)
	if err != nil {
		return nil, err
	}
	d.removeWebhook(w)
	return nil, nil
}

func deleteWebhookByToken(d *Discord, c *call) (any, error) {
	w, err := d.tokenWebhook(c)
	if err != nil {
		return nil, err
	}
	d.removeWebhook(w)
	return nil, nil
}

func (d *Discord) removeWebhook(w *Webhook) {
	delete(d.state.webhooks, w.ID)
	d.webhooksChanged(w.GuildID, w.ChannelID)
}
