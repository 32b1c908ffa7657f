"""Plain language: from a sentence to a query, by rules, and by a language model where one is configured."""
