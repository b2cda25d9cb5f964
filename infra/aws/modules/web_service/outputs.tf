output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "deployment_group" {
  description = "Application and deployment group of CodeDeploy."
  value = {
    application = aws_codedeploy_app.this.name
    group       = aws_codedeploy_deployment_group.this.deployment_group_name
  }
}
