"""Events and later bells through EventBridge."""
