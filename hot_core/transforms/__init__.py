"""Sample → ModelInput and the way back, for the three kinds of data."""
