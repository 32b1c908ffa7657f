"""The programs that fitted the constants that ship."""
