# A web application firewall that admits the routes of one surface, and nothing else. The routes come from routes.json,
# which infra/routes.py generates from the application; a test compares them.
#
# Order: addresses that are known to attack, rates per route, patterns of attacks, sizes, then the routes themselves.
locals {
  limited = { for route in var.routes : route.name => route if route.requests != null }
  # The firewall sees the first 8 KiB of a body. Above that, it looks at the length that the client states.
  small = { for route in var.routes : route.name => route if try(route.body <= 8192, false) }
  large = { for route in var.routes : route.name => route if try(route.body > 8192, false) }
  names = [for route in var.routes : route.name]

  managed = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesKnownBadInputsRuleSet  = 1000
    AWSManagedRulesLinuxRuleSet           = 1010
    AWSManagedRulesSQLiRuleSet            = 1020
    AWSManagedRulesCommonRuleSet          = 1030
  }
  # Rules of the common set that would block valid requests: bodies are binary, and each route has its own size limit.
  counted = ["SizeRestrictions_BODY", "CrossSiteScripting_BODY", "NoUserAgent_HEADER", "GenericRFI_BODY", "GenericLFI_BODY"]
}

resource "aws_wafv2_web_acl" "this" {
  region      = var.region
  name        = var.name
  description = "Routes of ${var.name}"
  scope       = var.is_global ? "CLOUDFRONT" : "REGIONAL"

  default_action {
    block {}
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = false # a sample would show credentials and addresses in the console
  }

  dynamic "rule" {
    for_each = local.managed
    content {
      name     = rule.key
      priority = rule.value
      override_action {
        none {}
      }
      statement {
        managed_rule_group_statement {
          name        = rule.key
          vendor_name = "AWS"
          dynamic "rule_action_override" {
            for_each = rule.key == "AWSManagedRulesCommonRuleSet" ? local.counted : []
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = false
      }
    }
  }

  # The check of a deployment, which comes from inside the VPC, also asks whether PostgreSQL and Redis are reached.
  dynamic "rule" {
    for_each = aws_wafv2_ip_set.check[*].arn
    content {
      name     = "deployment-check"
      priority = 15
      action {
        allow {}
      }
      statement {
        and_statement {
          statement {
            ip_set_reference_statement {
              arn = rule.value
            }
          }
          statement {
            regex_match_statement {
              regex_string = "^/services/(ping|ready)$"
              field_to_match {
                uri_path {}
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "deployment-check"
        sampled_requests_enabled   = false
      }
    }
  }

  # Requests that did not come through our CDN.
  dynamic "rule" {
    for_each = var.origin_pattern_set_arn == null ? [] : [var.origin_pattern_set_arn]
    content {
      name     = "not-from-our-cdn"
      priority = 20
      action {
        block {}
      }
      statement {
        not_statement {
          statement {
            regex_pattern_set_reference_statement {
              arn = rule.value
              field_to_match {
                single_header {
                  name = var.origin_header
                }
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "not-from-our-cdn"
        sampled_requests_enabled   = false
      }
    }
  }

  # Too many requests of one address to one route.
  dynamic "rule" {
    for_each = local.limited
    content {
      name     = "rate-${rule.key}"
      priority = 100 + index(local.names, rule.key)
      action {
        block {
          custom_response {
            response_code = 429
          }
        }
      }
      statement {
        rate_based_statement {
          limit                 = rule.value.requests
          evaluation_window_sec = 300
          aggregate_key_type    = "IP"
          scope_down_statement {
            regex_match_statement {
              regex_string = rule.value.path
              field_to_match {
                uri_path {}
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "rate-${rule.key}"
        sampled_requests_enabled   = false
      }
    }
  }

  # Bodies that are larger than the route accepts.
  dynamic "rule" {
    for_each = local.small
    content {
      name     = "size-${rule.key}"
      priority = 2000 + index(local.names, rule.key)
      action {
        block {
          custom_response {
            response_code = 413
          }
        }
      }
      statement {
        and_statement {
          statement {
            regex_match_statement {
              regex_string = rule.value.path
              field_to_match {
                uri_path {}
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
          statement {
            size_constraint_statement {
              comparison_operator = "GT"
              size                = rule.value.body
              field_to_match {
                body {
                  oversize_handling = "MATCH"
                }
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "size-${rule.key}"
        sampled_requests_enabled   = false
      }
    }
  }

  dynamic "rule" {
    for_each = local.large
    content {
      name     = "size-${rule.key}"
      priority = 2000 + index(local.names, rule.key)
      action {
        block {
          custom_response {
            response_code = 413
          }
        }
      }
      statement {
        and_statement {
          statement {
            regex_match_statement {
              regex_string = rule.value.path
              field_to_match {
                uri_path {}
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
          statement {
            # A length with more digits than the limit has. The service checks the exact limit.
            regex_match_statement {
              regex_string = "^[0-9]{${length(tostring(rule.value.body)) + 1},}$"
              field_to_match {
                single_header {
                  name = "content-length"
                }
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "size-${rule.key}"
        sampled_requests_enabled   = false
      }
    }
  }

  # What is admitted: a path and its methods.
  dynamic "rule" {
    for_each = { for route in var.routes : route.name => route }
    content {
      name     = "allow-${rule.key}"
      priority = 3000 + index(local.names, rule.key)
      action {
        allow {}
      }
      statement {
        and_statement {
          statement {
            regex_match_statement {
              regex_string = rule.value.path
              field_to_match {
                uri_path {}
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
          statement {
            regex_match_statement {
              regex_string = "^(${join("|", rule.value.methods)})$"
              field_to_match {
                method {}
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "allow-${rule.key}"
        sampled_requests_enabled   = false
      }
    }
  }

  #checkov:skip=CKV_AWS_192:AWSManagedRulesKnownBadInputsRuleSet is among local.managed; checkov loses it in modules with for_each
}

resource "aws_wafv2_ip_set" "check" {
  count = var.check_cidr_block == null ? 0 : 1

  name               = "${var.name}-check"
  description        = "Addresses of the VPC"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = [var.check_cidr_block]
}

resource "aws_wafv2_web_acl_association" "this" {
  for_each = var.load_balancer_arns

  resource_arn = each.value
  web_acl_arn  = aws_wafv2_web_acl.this.arn
}

# Logs name the addresses of blocked requests alone, and no credentials at all.
resource "aws_cloudwatch_log_group" "this" {
  region            = var.region
  name              = "aws-waf-logs-${var.name}" # AWS prescribes the prefix
  retention_in_days = 90
  kms_key_id        = var.log_key_arn

  #checkov:skip=CKV_AWS_338:Logs of requests hold addresses of people, and are kept for 90 days
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  region                  = var.region
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]

  dynamic "redacted_fields" {
    for_each = toset(["authorization", "cookie", var.origin_header])
    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }

  logging_filter {
    default_behavior = "DROP"
    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"
      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }
}
