output "arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.this.arn
}

output "url" {
  description = "Address of the repository, without a tag."
  value       = aws_ecr_repository.this.repository_url
}
