"""Plain language: turns a sentence into a query, by rules, or by a language model if one is configured."""
