"""The endpoints: one class for each group, whose `register` names their paths, models and answers."""
