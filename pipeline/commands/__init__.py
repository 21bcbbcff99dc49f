"""What each command of `naqid` does: one module a command, a function of the command's name in it."""
