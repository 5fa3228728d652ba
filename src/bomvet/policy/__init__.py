"""The user's policy file and the judgement it gives; pure."""
