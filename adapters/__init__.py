"""The ports made real, one technology a package; none knows another, but for what `aws` offers."""
