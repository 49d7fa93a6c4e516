"""What the kernel needs of the world, one promise a file."""
