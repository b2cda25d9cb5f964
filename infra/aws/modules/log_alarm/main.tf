# Alarms on lines of logs: lines that hold all terms of a pattern are counted, whatever their order.
resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = var.log_groups

  name           = var.name
  log_group_name = each.value
  pattern        = join(" ", [for term in var.terms : "\"${replace(term, "\"", "\\\"")}\""])

  metric_transformation {
    namespace     = var.namespace
    name          = var.name
    value         = "1"
    default_value = var.missing_data == "breaching" ? null : "0"
    unit          = "Count"
  }
}

module "alarm" {
  source = "../alarm"

  name         = "${var.namespace}-${var.name}"
  description  = var.description
  namespace    = var.namespace
  metric       = var.name
  period       = var.period
  is_minimum   = var.missing_data == "breaching"
  thresholds   = var.thresholds
  missing_data = var.missing_data
  topics       = var.topics
}
