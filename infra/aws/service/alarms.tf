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

  # Alarms that also stop a deployment.
  deployment_alarms = { for name in keys(local.surfaces) : name => [
    for alarm in ["5xx", "no-process", "slow"] : module.alarms.names["${name}-${alarm}-critical"]
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

  # Levels that the public service had alarms on. The monitor compares them with the thresholds of docs/figures.md each
  # minute, because CloudWatch cannot count what is stored: a line states what is above one.
  figure_alarms = { for pair in setproduct(["unclaimed_codes", "claimed_codes", "diagnosis_keys"], ["ticket", "page"]) :
    "${replace(pair[0], "_", "-")}-${pair[1]}" => {
      description = "Above a threshold: ${pair[0]} (docs/runbooks/figures.md)"
      processes   = ["worker-status", "clock-status"]
      terms       = ["msg=\"figure above threshold\"", "figure=${pair[0]}", "severity=${pair[1]}"]
      period      = 300
      thresholds  = { (pair[1] == "page" ? "critical" : "warning") = 0 }
    }
  }

  # A period of CloudWatch has whole minutes.
  purge_seconds = 60 * ceil(tonumber(try(var.settings.submission.WORKER_EXPIRATION_INTERVAL, "30")) / 60)

  # Lines that must appear: their absence is the alarm.
  heartbeats = {
    purge         = { process = "worker-submission", line = "purge finished", seconds = 2 * local.purge_seconds }
    portal-purge  = { process = "worker-portal", line = "portal purge finished", seconds = 600 }
    sharing-purge = { process = "worker-sharing", line = "sharing purge finished", seconds = 600 }
    mixing        = { process = "worker-submission", line = "stored rows mixed", seconds = 3600 }
    padding       = { process = "worker-retrieval", line = "archive built", seconds = 7200 }
  }
  # Where releases are tried, archives are built for each request, not by the worker.
  missing_heartbeats = { for name, each in local.heartbeats : name => each if !(var.tries_releases && name == "padding") }
}

module "log_alarms" {
  source = "../modules/log_alarms"

  name       = local.name
  log_groups = local.log_groups
  topics     = local.topics
  alarms = merge(local.log_alarms, local.figure_alarms, { for name, each in local.missing_heartbeats : "no-${name}" => {
    description  = "No line with \"${each.line}\" for ${each.seconds} seconds"
    processes    = [each.process]
    terms        = ["msg=\"${each.line}\""]
    period       = each.seconds
    is_heartbeat = true
    thresholds   = { critical = 1 }
  } })
}

module "alarms" {
  source = "../modules/alarms"

  name   = local.name
  topics = local.topics
  alarms = merge(
    { for name in keys(local.surfaces) : "${name}-5xx" => {
      description = "Responses with 5xx of ${name}"
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = module.load_balancer[name].arn_suffix }
      thresholds  = { warning = 1, critical = 10 }
    } },
    { for name in keys(local.surfaces) : "${name}-no-process" => {
      description = "The load balancer of ${name} finds no process, and answers 502 or 503 itself"
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = module.load_balancer[name].arn_suffix }
      periods     = 2
      thresholds  = { warning = 1, critical = 10 }
    } },
    { for name in keys(local.surfaces) : "${name}-slow" => {
      description = "95 of 100 responses of ${name} took longer than this many seconds"
      namespace   = "AWS/ApplicationELB"
      metric      = "TargetResponseTime"
      dimensions  = { LoadBalancer = module.load_balancer[name].arn_suffix }
      statistic   = "p95"
      periods     = 5
      thresholds  = { warning = 1, critical = 5 }
    } },
    { for pair in setproduct(keys(merge(local.web, local.background)), ["CPU", "Memory"]) : "${pair[0]}-${lower(pair[1])}" => {
      description = pair[1] == "CPU" ? "CPU of ${pair[0]} in per cent; autoscaling aims at 60" : "Memory of ${pair[0]} in per cent"
      namespace   = "AWS/ECS"
      metric      = "${pair[1]}Utilization"
      dimensions  = { ClusterName = aws_ecs_cluster.this.name, ServiceName = "${local.name}-${pair[0]}" }
      statistic   = "Average"
      period      = 120
      periods     = 2
      thresholds  = { warning = 75 }
    } },
    { for name, each in local.database_alarms : "database-${name}" => {
      description = "${each.metric} of the database"
      namespace   = "AWS/RDS"
      metric      = each.metric
      dimensions  = { DBClusterIdentifier = module.database.name }
      statistic   = "Average"
      period      = 120
      periods     = 2
      thresholds  = each.thresholds
    } },
    # Metrics of Redis belong to nodes, which AWS numbers from 001.
    { for pair in setproduct(range(1, var.cache.nodes + 1), ["cpu", "memory"]) : "redis-${pair[1]}-${pair[0]}" => {
      description = "${local.cache_metrics[pair[1]]} of Redis"
      namespace   = "AWS/ElastiCache"
      metric      = local.cache_metrics[pair[1]]
      dimensions  = { CacheClusterId = format("%s-%03d", module.cache.name, pair[0]) }
      statistic   = "Average"
      period      = 120
      periods     = 2
      thresholds  = { warning = 50 }
    } },
    { for name, arn in local.attacked : "${name}-attack" => local.attack_alarms[name] if !contains(local.global_resources, name) },
  )
}

module "global_alarms" {
  source = "../modules/alarms"

  region = "us-east-1"
  name   = local.name
  topics = local.global_topics
  alarms = merge(
    { for name, check in local.health_checks : "${name}-unreachable" => {
      description  = "${check.path} of ${check.host} does not answer"
      namespace    = "AWS/Route53"
      metric       = "HealthCheckStatus"
      dimensions   = { HealthCheckId = aws_route53_health_check.this[name].id }
      statistic    = "Minimum"
      periods      = 2
      is_minimum   = true
      missing_data = "breaching"
      thresholds   = { critical = 1 }
    } },
    # Route 53 reports both every four hours.
    { for metric, what in local.dnssec_metrics : "zone-${what}" => {
      description = "DNSSEC of the zone: ${metric}. Resolvers that verify may soon refuse every name (docs/runbooks/keys.md)"
      namespace   = "AWS/Route53"
      metric      = metric
      dimensions  = { HostedZoneId = module.dns.zone_id }
      statistic   = "Maximum"
      period      = 14400
      thresholds  = { critical = 0 }
    } },
    { cdn-5xx = {
      description = "Per cent of downloads that failed"
      namespace   = "AWS/CloudFront"
      metric      = "5xxErrorRate"
      dimensions  = { DistributionId = module.cdn.id, Region = "Global" }
      statistic   = "Average"
      periods     = 5
      thresholds  = { warning = 0.1, critical = 1 }
    } },
    { for name, arn in local.attacked : "${name}-attack" => local.attack_alarms[name] if contains(local.global_resources, name) },
  )
}

locals {
  database_alarms = {
    cpu         = { metric = "CPUUtilization", thresholds = { warning = 50, critical = 80 } }
    capacity    = { metric = "ACUUtilization", thresholds = { warning = 75, critical = 95 } }
    connections = { metric = "DatabaseConnections", thresholds = { warning = 700 } }
    deadlocks   = { metric = "Deadlocks", thresholds = { warning = 0 } }
  }
  dnssec_metrics = {
    DNSSECInternalFailure             = "dnssec-failure"
    DNSSECKeySigningKeysNeedingAction = "dnssec-key"
  }
  cache_metrics = { cpu = "EngineCPUUtilization", memory = "DatabaseMemoryUsagePercentage" }

  # Metrics of what is not in a region are in us-east-1.
  global_resources = ["cdn", "zone"]
  attacked         = var.has_shield_advanced ? local.public_resources : {}
  attack_alarms = { for name, arn in local.attacked : name => {
    description = "Shield sees a denial of service at ${name}"
    namespace   = "AWS/DDoSProtection"
    metric      = "DDoSDetected"
    dimensions  = { ResourceArn = arn }
    thresholds  = { critical = 0 }
  } }
}
