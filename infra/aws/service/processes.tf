# Every process of the Procfile, for every surface. Each has its own task definition, roles, security group and log.
locals {
  # A web process of the surface `submission` also serves the portal, inside the VPC: its host name is `codes`. Phones
  # cannot slow it down, and the portal needs no way out of the VPC.
  surfaces = {
    submission = { surface = "submission", port = 8000, proxies = 1 }
    retrieval  = { surface = "retrieval", port = 8001, proxies = 2 } # CloudFront and the load balancer
    portal     = { surface = "portal", port = 8001, proxies = 1 }
    sharing    = { surface = "sharing", port = 8001, proxies = 1 }
    status     = { surface = "status", port = 8001, proxies = 1 }
    codes      = { surface = "submission", port = 8000, proxies = 1 }
  }
  surface_names = distinct([for each in local.surfaces : each.surface])

  processes = merge(
    { for name, web in local.surfaces : name => {
      program = "web", surface = web.surface, database_role = web.surface
      settings = {
        PORT            = tostring(web.port)
        TRUSTED_PROXIES = tostring(web.proxies)
        WEB_CONCURRENCY = tostring(max(1, floor(var.processes[name].cpu / 1024)))
      }
    } },
    { for surface in local.surface_names : "worker-${surface}" => {
      program       = "worker"
      surface       = surface
      database_role = "worker_${surface}"
      settings      = {}
    } },
    { for surface in local.surface_names : "clock-${surface}" => {
      program       = "clock"
      surface       = surface
      database_role = surface == "status" ? "worker_status" : null # for its monitor
      settings      = { for name, value in { DATABASE_URL = local.no_database } : name => value if surface != "status" }
    } },
    # Migrations need no secret of a surface; a start does, and sharing has the fewest.
    { release = { program = "release", surface = "sharing", database_role = "owner", settings = { DATABASE_URL = local.owner_url } } },
  )

  web        = { for name, process in local.processes : name => process if process.program == "web" }
  background = { for name, process in local.processes : name => process if contains(["worker", "clock"], process.program) }
}

module "process" {
  source   = "../modules/process"
  for_each = local.processes

  name    = "${local.name}-${each.key}"
  account = var.account
  region  = var.region
  program = each.value.program
  port    = try(local.surfaces[each.key].port, null)
  image   = "${module.registry.url}:${var.image_tag}"
  cpu     = var.processes[each.key].cpu
  memory  = var.processes[each.key].memory

  environment = merge(
    lookup(var.settings, each.value.surface, {}),
    local.common_settings,
    { SURFACES = each.value.surface },
    local.surface_settings[each.value.surface],
    lookup(local.program_settings, each.key, {}),
    each.value.settings,
  )
  secret_arns = merge(
    { for name in concat(local.surface_secrets[each.value.surface], lookup(local.program_secrets, each.key, [])) :
    name => aws_secretsmanager_secret.setting[name].arn },
    { REDIS_URL = aws_secretsmanager_secret.redis_url.arn },
    { for role in setintersection(local.database_roles, compact([each.value.database_role])) : "DATABASE_URL" => aws_secretsmanager_secret.database_url[role].arn },
    each.value.database_role == "owner" ? { PGPASSWORD = "${module.database.owner_secret_arn}:password::" } : {},
  )

  archives = each.value.surface != "retrieval" || each.value.program == "clock" ? null : {
    bucket_arn  = module.archives.arn
    prefixes    = each.value.program == "worker" ? [local.archive_prefix, local.download_prefix] : [local.archive_prefix]
    kms_key_arn = module.keys["archives"].arn
  }

  signing_key_arns = contains(local.signing_processes, each.key) ? local.signing_key_arns : []

  repository_arn = module.registry.arn
  secret_key_arns = concat(
    [module.keys["secrets"].arn],
    each.value.database_role == "owner" ? [module.keys["data"].arn] : [],
  )
  log_key_arn = module.keys["logs"].arn
}

resource "aws_ecs_cluster" "this" {
  name = local.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

module "background_service" {
  source   = "../modules/background_service"
  for_each = local.background

  name                = "${local.name}-${each.key}"
  cluster_name        = aws_ecs_cluster.this.name
  task_definition_arn = module.process[each.key].task_definition_arn
  tasks               = var.processes[each.key].minimum
  subnet_ids          = module.network.private_subnet_ids
  security_group_id   = aws_security_group.process[each.key].id
}

module "web_service" {
  source   = "../modules/web_service"
  for_each = local.web

  name                = "${local.name}-${each.key}"
  cluster_name        = aws_ecs_cluster.this.name
  task_definition_arn = module.process[each.key].task_definition_arn
  tasks               = { minimum = var.processes[each.key].minimum, maximum = var.processes[each.key].maximum }
  port                = local.surfaces[each.key].port
  subnet_ids          = module.network.private_subnet_ids
  security_group_id   = aws_security_group.process[each.key].id
  target_groups       = module.load_balancer[each.key].target_groups
  listener_arns       = module.load_balancer[each.key].listener_arns
  codedeploy_role_arn = module.codedeploy_role.arn
  alarm_names         = local.deployment_alarms[each.key]
  warning_topic_arn   = module.notifications["regional"].topics["warning"]
}
