output "state_bucket" {
  description = "Bucket of the state, for backend.hcl."
  value       = module.state.name
}

output "roles" {
  description = "Roles for the variables of GitHub's environments."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}
