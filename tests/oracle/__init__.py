"""Who may do what, said a second time and without a look at `oms.permissions`; and an organisation to ask it about."""
