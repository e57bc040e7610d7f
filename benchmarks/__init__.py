"""How fast kerasast is."""
