"""The workflows that Headrace ships with: put yours beside them."""
