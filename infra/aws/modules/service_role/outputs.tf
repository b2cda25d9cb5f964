output "arn" {
  description = "ARN of the role, once it has its policy: some services try what a role may do when they get it."
  value       = aws_iam_role.this.arn
  depends_on  = [aws_iam_role_policy.this]
}
