"""A whole shot without a window: commands, their arguments and how they end. Over all other rooms."""
