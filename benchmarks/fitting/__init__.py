"""What fitted the constants that ship."""
