# A web application firewall that admits the routes of one surface, and nothing else. The routes come from routes.json,
# which infra/routes.py generates from the application; a test compares them.
#
# Order: addresses that are known to attack, rates per route, patterns of attacks, sizes, then the routes themselves.
locals {
  numbers = { for number, route in var.routes : route.name => number }

  managed = {
    AWSManagedRulesAmazonIpReputationList = 10
    AWSManagedRulesKnownBadInputsRuleSet  = 1000
    AWSManagedRulesLinuxRuleSet           = 1010
    AWSManagedRulesSQLiRuleSet            = 1020
    AWSManagedRulesCommonRuleSet          = 1030
  }
  # Rules of the common set that would block valid requests: bodies are binary, and each route has its own size limit.
  counted = ["SizeRestrictions_BODY", "CrossSiteScripting_BODY", "NoUserAgent_HEADER", "GenericRFI_BODY", "GenericLFI_BODY"]

  # Every rule has a priority, an action (`managed` leaves it to AWS' rules), and one of: nothing more (a set of AWS), the
  # pattern set of the secret header, a rate with the path that it counts, or conditions that must all be met.
  rules = merge(
    { for name, priority in local.managed : name => { priority = priority, action = "managed" } },

    # The check of a deployment, which comes from inside the VPC, also asks whether PostgreSQL and Redis are reached.
    { for set in aws_wafv2_ip_set.check : "deployment-check" => {
      priority   = 15
      action     = "allow"
      conditions = [{ on = "address", is = set.arn }, { on = "path", is = "^/services/(ping|ready)$" }]
    } },

    # Requests that did not come through our CDN.
    { for arn in var.origin_pattern_set_arn[*] : "not-from-our-cdn" => { priority = 20, action = "block", unless = arn } },

    # Too many requests of one address to one route.
    { for route in var.routes : "rate-${route.name}" => {
      priority = 100 + local.numbers[route.name]
      action   = 429
      limit    = route.requests
      path     = route.path
    } if var.has_rates && route.requests != null },

    # Bodies that are larger than the route accepts. The firewall sees the first 8 KiB of a body. Above that, it looks at
    # the length that the client states: one with more digits than the limit has. The service checks the exact limit.
    { for route in var.routes : "size-${route.name}" => {
      priority = 2000 + local.numbers[route.name]
      action   = 413
      conditions = [{ on = "path", is = route.path }, route.body <= 8192
        ? { on = "body", is = tostring(route.body) }
        : { on = "content-length", is = "^[0-9]{${length(tostring(route.body)) + 1},}$" }
      ]
    } if route.body != null },

    # What is admitted: a path and its methods.
    { for route in var.routes : "allow-${route.name}" => {
      priority   = 3000 + local.numbers[route.name]
      action     = "allow"
      conditions = [{ on = "path", is = route.path }, { on = "method", is = "^(${join("|", route.methods)})$" }]
    } },
  )
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
    for_each = local.rules
    content {
      name     = rule.key
      priority = rule.value.priority

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = false
      }

      dynamic "override_action" {
        for_each = rule.value.action == "managed" ? [1] : []
        content {
          none {}
        }
      }

      dynamic "action" {
        for_each = rule.value.action == "managed" ? [] : [rule.value.action]
        content {
          dynamic "allow" {
            for_each = action.value == "allow" ? [1] : []
            content {}
          }
          dynamic "block" {
            for_each = action.value == "allow" ? [] : [action.value]
            content {
              dynamic "custom_response" {
                for_each = block.value == "block" ? [] : [block.value]
                content {
                  response_code = custom_response.value
                }
              }
            }
          }
        }
      }

      statement {
        dynamic "managed_rule_group_statement" {
          for_each = rule.value.action == "managed" ? [rule.key] : []
          content {
            name        = managed_rule_group_statement.value
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

        dynamic "not_statement" {
          for_each = can(rule.value.unless) ? [rule.value.unless] : []
          content {
            statement {
              regex_pattern_set_reference_statement {
                arn = not_statement.value
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

        dynamic "rate_based_statement" {
          for_each = can(rule.value.limit) ? [rule.value] : []
          content {
            limit                 = rate_based_statement.value.limit
            evaluation_window_sec = 300
            aggregate_key_type    = "IP"
            scope_down_statement {
              regex_match_statement {
                regex_string = rate_based_statement.value.path
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

        dynamic "and_statement" {
          for_each = can(rule.value.conditions) ? [rule.value.conditions] : []
          content {
            dynamic "statement" {
              for_each = and_statement.value
              iterator = condition
              content {
                dynamic "ip_set_reference_statement" {
                  for_each = condition.value.on == "address" ? [1] : []
                  content {
                    arn = condition.value.is
                  }
                }
                dynamic "size_constraint_statement" {
                  for_each = condition.value.on == "body" ? [1] : []
                  content {
                    comparison_operator = "GT"
                    size                = condition.value.is
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
                dynamic "regex_match_statement" {
                  for_each = contains(["path", "method", "content-length"], condition.value.on) ? [1] : []
                  content {
                    regex_string = condition.value.is
                    field_to_match {
                      dynamic "uri_path" {
                        for_each = condition.value.on == "path" ? [1] : []
                        content {}
                      }
                      dynamic "method" {
                        for_each = condition.value.on == "method" ? [1] : []
                        content {}
                      }
                      dynamic "single_header" {
                        for_each = condition.value.on == "content-length" ? [1] : []
                        content {
                          name = "content-length"
                        }
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
          }
        }
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
