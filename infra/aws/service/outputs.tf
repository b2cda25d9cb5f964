# What infra/release.py, infra/store_secrets.py and infra/database_roles.py need to know.
output "name" {
  description = "Prefix of all names."
  value       = local.name
}

output "name_servers" {
  description = "Name servers to enter in the parent zone."
  value       = module.dns.name_servers
}

output "ds_record" {
  description = "Value of the record DS to enter in the parent zone after the name servers."
  value       = module.dns.ds_record
}

output "applied" {
  description = "Commit of the description that was applied, which bin/check-drift compares."
  value       = var.applied
}

output "registry" {
  description = "Address of the repository of the image."
  value       = module.registry.url
}

output "release" {
  description = "How a release runs: its tasks, services, deployment groups and checks."
  value = {
    cluster          = aws_ecs_cluster.this.name
    subnets          = module.network.private_subnet_ids
    security_group   = aws_security_group.process["release"].id
    families         = { for name in keys(local.processes) : name => "${local.name}-${name}" }
    task_definitions = { for name, process in module.process : name => process.task_definition_arn }
    background       = { for name, service in module.background_service : name => service.service_name }
    web = { for name, service in module.web_service : name => {
      service          = service.service_name
      deployment_group = service.deployment_group
      port             = local.surfaces[name].port
      check            = module.deployment_check[name].function_name
    } }
  }
}

output "data" {
  description = "Where data are: hosts, and ARNs of secrets. It holds no values of secrets."
  value = {
    database_arn     = module.database.arn
    database_host    = module.database.endpoint
    owner_secret_arn = module.database.owner_secret_arn
    database_roles   = { for role, secret in aws_secretsmanager_secret.database_url : role => secret.arn }
    settings         = { for name, secret in aws_secretsmanager_secret.setting : name => secret.arn }
    redis_host       = module.cache.endpoint
    redis_name       = module.cache.name
    signing_key_arn  = local.signing_key_arns[0]
    redis_url_arn    = aws_secretsmanager_secret.redis_url.arn
    cdn_secret_store = module.cdn.key_value_store_arn
  }
}
