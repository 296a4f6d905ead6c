"""The closed, typed configuration: fields, composition by Hydra, identity, help, messages."""
