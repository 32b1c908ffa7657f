"""What may be asked. These models validate requests and make the OpenAPI document."""
