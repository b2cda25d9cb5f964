# Thresholds are those of the public service, except for CPU and memory of processes: it warned at 50 per cent, and
# autoscaling aims at 60. What to do is in docs/operations.md ("What to watch").
module "notifications" {
  source   = "../modules/notifications"
  for_each = { regional = var.region, global = "us-east-1" }

  name          = local.name
  account       = var.account
  region        = each.value
  subscriptions = var.subscriptions
}

locals {
  topics        = module.notifications["regional"].topics
  global_topics = module.notifications["global"].topics
  log_groups    = { for name, process in module.process : name => process.log_group_name }
  web_logs      = { for name in keys(local.web) : name => local.log_groups[name] }

  # Alarms that also stop a deployment.
  deployment_alarms = { for name in keys(local.surfaces) : name => [
    module.server_errors[name].names["critical"],
    module.unhealthy[name].names["critical"],
    module.slow[name].names["critical"],
  ] }

  # Lines of logs that are counted. `terms` must all be in a line; a test compares them with the code.
  log_alarms = {
    wrong-tokens = {
      description = "401 on /new-key-claim: someone guesses tokens, or a health authority has an old one"
      processes   = ["submission", "codes"]
      terms       = ["msg=\"http response\"", "route=/new-key-claim", "statusCode=401"]
      period      = 300
      thresholds  = { warning = 60, critical = 100 }
    }
    wrong-codes = {
      description = "401 on /claim-key: someone guesses codes, or codes reach patients too late"
      processes   = ["submission"]
      terms       = ["msg=\"http response\"", "route=/claim-key", "statusCode=401"]
      period      = 300
      thresholds  = { warning = 60, critical = 100 }
    }
    refused-uploads = {
      description = "4xx on /upload: a new release of the app, wrong clocks, or an attack"
      processes   = ["submission"]
      terms       = ["msg=\"http response\"", "route=/upload", "statusClass=4xx"]
      period      = 300
      thresholds  = { warning = 60, critical = 100 }
    }
    failed-requests = {
      description = "5xx: a request failed because of the service"
      processes   = keys(local.web)
      terms       = ["msg=\"http response\"", "statusClass=5xx"]
      period      = 60
      thresholds  = { warning = 1, critical = 10 }
    }
    errors = {
      description = "Lines with level=error"
      processes   = keys(local.processes)
      terms       = ["level=error"]
      period      = 60
      thresholds  = { warning = 1, critical = 10 }
    }
    unknown-jobs = {
      description = "Another program writes to Redis"
      processes   = [for name in keys(local.background) : name if startswith(name, "worker")]
      terms       = ["msg=\"unknown job refused\""]
      period      = 60
      thresholds  = { critical = 0 }
    }
    truncated = {
      description = "The test tool deleted all diagnosis keys, which cannot happen in production"
      processes   = ["submission", "codes"]
      terms       = ["diagnosis_keys was truncated"]
      period      = 60
      thresholds  = { critical = 0 }
    }
    bans = {
      description = "Networks are banned: if all of an institution are, check TRUSTED_PROXIES first"
      processes   = ["submission"]
      terms       = ["msg=\"claim refused\"", "reason=TEMPORARY_BAN"]
      period      = 300
      thresholds  = { warning = 60 }
    }
  }

  # Lines that must appear: their absence is the alarm.
  heartbeats = {
    purge         = { process = "worker-submission", line = "purge finished", seconds = 120 }
    portal-purge  = { process = "worker-portal", line = "portal purge finished", seconds = 600 }
    sharing-purge = { process = "worker-sharing", line = "sharing purge finished", seconds = 600 }
    mixing        = { process = "worker-submission", line = "stored rows mixed", seconds = 3600 }
    padding       = { process = "worker-retrieval", line = "archive built", seconds = 7200 }
  }
}

module "log_alarm" {
  source   = "../modules/log_alarm"
  for_each = local.log_alarms

  namespace   = local.name
  name        = each.key
  description = each.value.description
  log_groups  = { for process in each.value.processes : process => local.log_groups[process] }
  terms       = each.value.terms
  period      = each.value.period
  thresholds  = each.value.thresholds
  topics      = local.topics
}

module "heartbeat" {
  source   = "../modules/log_alarm"
  for_each = local.heartbeats

  namespace    = local.name
  name         = "no-${each.key}"
  description  = "No line with \"${each.value.line}\" for ${each.value.seconds} seconds"
  log_groups   = { (each.value.process) = local.log_groups[each.value.process] }
  terms        = ["msg=\"${each.value.line}\""]
  period       = each.value.seconds
  thresholds   = { critical = 1 }
  missing_data = "breaching"
  topics       = local.topics
}

module "server_errors" {
  source   = "../modules/alarm"
  for_each = local.surfaces

  name        = "${local.name}-${each.key}-5xx"
  description = "Responses with 5xx of ${each.key}"
  namespace   = "AWS/ApplicationELB"
  metric      = "HTTPCode_Target_5XX_Count"
  dimensions  = { LoadBalancer = module.load_balancer[each.key].arn_suffix }
  thresholds  = { warning = 1, critical = 10 }
  topics      = local.topics
}

module "unhealthy" {
  source   = "../modules/alarm"
  for_each = local.surfaces

  name        = "${local.name}-${each.key}-no-process"
  description = "The load balancer of ${each.key} finds no process, and answers 502 or 503 itself"
  namespace   = "AWS/ApplicationELB"
  metric      = "HTTPCode_ELB_5XX_Count"
  dimensions  = { LoadBalancer = module.load_balancer[each.key].arn_suffix }
  periods     = 2
  thresholds  = { warning = 1, critical = 10 }
  topics      = local.topics
}

module "slow" {
  source   = "../modules/alarm"
  for_each = local.surfaces

  name        = "${local.name}-${each.key}-slow"
  description = "95 of 100 responses of ${each.key} took longer than this many seconds"
  namespace   = "AWS/ApplicationELB"
  metric      = "TargetResponseTime"
  dimensions  = { LoadBalancer = module.load_balancer[each.key].arn_suffix }
  statistic   = "p95"
  periods     = 5
  thresholds  = { warning = 1, critical = 5 }
  topics      = local.topics
}

module "cpu" {
  source   = "../modules/alarm"
  for_each = merge(local.web, local.background)

  name        = "${local.name}-${each.key}-cpu"
  description = "CPU of ${each.key} in per cent; autoscaling aims at 60"
  namespace   = "AWS/ECS"
  metric      = "CPUUtilization"
  dimensions  = { ClusterName = aws_ecs_cluster.this.name, ServiceName = "${local.name}-${each.key}" }
  statistic   = "Average"
  period      = 120
  periods     = 2
  thresholds  = { warning = 75 }
  topics      = local.topics
}

module "memory" {
  source   = "../modules/alarm"
  for_each = merge(local.web, local.background)

  name        = "${local.name}-${each.key}-memory"
  description = "Memory of ${each.key} in per cent"
  namespace   = "AWS/ECS"
  metric      = "MemoryUtilization"
  dimensions  = { ClusterName = aws_ecs_cluster.this.name, ServiceName = "${local.name}-${each.key}" }
  statistic   = "Average"
  period      = 120
  periods     = 2
  thresholds  = { warning = 75 }
  topics      = local.topics
}

module "database_alarm" {
  source = "../modules/alarm"
  for_each = {
    cpu         = { metric = "CPUUtilization", thresholds = { warning = 50, critical = 80 } }
    capacity    = { metric = "ACUUtilization", thresholds = { warning = 75, critical = 95 } }
    connections = { metric = "DatabaseConnections", thresholds = { warning = 700 } }
    deadlocks   = { metric = "Deadlocks", thresholds = { warning = 0 } }
  }

  name        = "${local.name}-database-${each.key}"
  description = "${each.value.metric} of the database"
  namespace   = "AWS/RDS"
  metric      = each.value.metric
  dimensions  = { DBClusterIdentifier = module.database.name }
  statistic   = "Average"
  period      = 120
  periods     = 2
  thresholds  = each.value.thresholds
  topics      = local.topics
}

# Metrics of Redis belong to nodes, which AWS numbers from 001.
module "cache_alarm" {
  source = "../modules/alarm"
  for_each = merge([for number in range(1, var.cache.nodes + 1) : {
    "cpu-${number}"    = { metric = "EngineCPUUtilization", node = format("%s-%03d", module.cache.name, number) }
    "memory-${number}" = { metric = "DatabaseMemoryUsagePercentage", node = format("%s-%03d", module.cache.name, number) }
  }]...)

  name        = "${local.name}-redis-${each.key}"
  description = "${each.value.metric} of Redis"
  namespace   = "AWS/ElastiCache"
  metric      = each.value.metric
  dimensions  = { CacheClusterId = each.value.node }
  statistic   = "Average"
  period      = 120
  periods     = 2
  thresholds  = { warning = 50 }
  topics      = local.topics
}
