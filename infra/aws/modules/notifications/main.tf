# The topics of one region, one for each severity.
module "key" {
  source = "../kms_key"

  region      = var.region
  name        = "${var.name}-notifications"
  description = "Texts of alarms"
  # EventBridge states neither an account nor a rule: with a condition, it could encrypt nothing, and no alarm about keys,
  # secrets and findings would arrive. CodeDeploy publishes with its role.
  services = [
    { names = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] },
    { names = ["events.amazonaws.com"], source = {} },
  ]
}

resource "aws_sns_topic" "this" {
  for_each = toset(["warning", "critical"])

  region            = var.region
  name              = "${var.name}-${each.key}"
  kms_master_key_id = module.key.arn
}

resource "aws_sns_topic_policy" "this" {
  for_each = aws_sns_topic.this

  region = var.region
  arn    = each.value.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "LetServicesOfAwsPublish"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
        Action    = "sns:Publish"
        Resource  = each.value.arn
        Condition = { StringEquals = { "aws:SourceAccount" = var.account } }
      },
      {
        Sid       = "LetEventBridgePublish"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = each.value.arn
      },
    ]
  })
}

locals {
  subscriptions = merge([
    for severity, addresses in var.subscriptions : {
      for address in addresses : "${severity} ${address}" => { severity = severity, address = address }
    }
  ]...)
}

resource "aws_sns_topic_subscription" "this" {
  for_each = local.subscriptions

  region                 = var.region
  topic_arn              = aws_sns_topic.this[each.value.severity].arn
  protocol               = startswith(each.value.address, "https://") ? "https" : "email"
  endpoint               = each.value.address
  endpoint_auto_confirms = startswith(each.value.address, "https://")
}
