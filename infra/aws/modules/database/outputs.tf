output "arn" {
  description = "ARN of the cluster."
  value       = aws_rds_cluster.this.arn
}

output "name" {
  description = "Name of the cluster."
  value       = aws_rds_cluster.this.cluster_identifier
}

output "endpoint" {
  description = "Host name of the writer."
  value       = aws_rds_cluster.this.endpoint
}

output "security_group_id" {
  description = "Security group of the database."
  value       = aws_security_group.this.id
}

output "owner_secret_arn" {
  description = "Secret with the owner's password, which RDS keeps."
  value       = try(aws_rds_cluster.this.master_user_secret[0].secret_arn, null)
}
