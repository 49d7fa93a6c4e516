"""The whole of Headrace on one machine: the account, the stack and the command line."""
