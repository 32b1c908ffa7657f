"""The endpoints: one class for each group; its `register` declares paths, requests and answers."""
