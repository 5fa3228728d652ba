"""SBOMs and results of other runs, read as inventories."""
