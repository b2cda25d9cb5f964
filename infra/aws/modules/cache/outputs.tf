output "security_group_id" {
  description = "Security group of Redis."
  value       = aws_security_group.this.id
}

output "endpoint" {
  description = "Host name of the primary."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "name" {
  description = "Name of the replication group."
  value       = aws_elasticache_replication_group.this.replication_group_id
}
