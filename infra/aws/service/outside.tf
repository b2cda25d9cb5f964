# What is seen from outside, and what AWS itself reports: health checks, attacks, costs.
locals {
  # Every 30 seconds from several places; three failures in a row are a failure.
  health_checks = {
    submission    = { host = local.hosts.submission, path = "/services/ping" }
    portal        = { host = local.hosts.portal, path = "/services/ping" }
    sharing       = { host = local.hosts.sharing, path = "/services/ping" }
    status        = { host = local.hosts.status, path = "/services/ping" }
    retrieval     = { host = local.hosts.retrieval, path = "/services/ping" }
    configuration = { host = local.hosts.retrieval, path = "/exposure-configuration/CA.json" }
    region        = { host = local.hosts.retrieval, path = "/exposure-configuration/region.json" }
  }

  public_resources = merge(
    { cdn = module.cdn.arn, zone = module.dns.zone_arn },
    { for name in ["submission", "retrieval", "portal", "sharing", "status"] : name => module.load_balancer[name].arn },
  )
}

resource "aws_route53_health_check" "this" {
  for_each = local.health_checks

  type              = "HTTPS"
  fqdn              = each.value.host
  port              = 443
  resource_path     = each.value.path
  request_interval  = 30
  failure_threshold = 3
  enable_sni        = true
  measure_latency   = true
  tags              = { Name = "${local.name}-${each.key}" }
}

resource "aws_shield_protection" "this" {
  for_each = local.attacked

  name         = "${local.name}-${each.key}"
  resource_arn = each.value
}

resource "aws_guardduty_detector" "this" {
  count = var.has_guard_duty ? 1 : 0

  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"

  #checkov:skip=CKV2_AWS_3:The account is one of its own; an organisation sets has_guard_duty to false
}

resource "aws_cloudwatch_event_rule" "findings" {
  count = var.has_guard_duty ? 1 : 0

  name        = "${local.name}-findings"
  description = "Findings of GuardDuty of medium severity and above"
  event_pattern = jsonencode({
    source      = ["aws.guardduty"]
    detail-type = ["GuardDuty Finding"]
    detail      = { severity = [{ numeric = [">=", 4] }] }
  })
}

resource "aws_cloudwatch_event_target" "findings" {
  count = var.has_guard_duty ? 1 : 0

  rule = aws_cloudwatch_event_rule.findings[0].name
  arn  = local.topics["critical"]
}

resource "aws_budgets_budget" "this" {
  name         = local.name
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = { FORECASTED = 100, ACTUAL = 80 }
    content {
      notification_type         = notification.key
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [local.topics["warning"]]
    }
  }
}

module "audit" {
  source = "../modules/audit"

  name    = local.name
  account = var.account
  own_roles = [
    "arn:aws:iam::${var.account}:role/${local.name}-*-execution",
    "arn:aws:iam::${var.account}:role/${local.name}-*-task",
    "arn:aws:iam::${var.account}:role/${local.name}-promote",
    "arn:aws:iam::${var.account}:role/aws-service-role/*",
  ]
  signing_keys = {
    archives = { region = null, arns = local.signing_key_arns, roles = local.signing_roles }
    # Route 53 signs as a service, without a role.
    dnssec = { region = "us-east-1", arns = [module.dns.signing_key_arn], roles = ["arn:aws:iam::${var.account}:role/aws-service-role/*"] }
  }
  key_arns                = [for purpose in ["archives", "data", "secrets"] : module.keys[purpose].arn]
  watched_bucket_prefixes = ["${module.archives.arn}/", "${module.logs.arn}/"]
  critical_topic_arns     = { regional = local.topics["critical"], global = local.global_topics["critical"] }
  log_key_arn             = module.keys["logs"].arn
}
