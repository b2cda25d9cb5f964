# The load balancer of one surface: HTTPS on 443, and a listener for tests of a new release that only the check of the
# deployment reaches (service/connections.tf). CodeDeploy decides which of two target groups a listener uses.
resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  internal           = var.is_internal
  ip_address_type    = var.is_internal ? "ipv4" : "dualstack"
  subnets            = var.subnet_ids
  security_groups    = [var.security_group_id]

  enable_deletion_protection = true
  enable_zonal_shift         = true
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"
  xff_header_processing_mode = "append"
  enable_xff_client_port     = false
  # Below the 95 seconds after which the service closes an idle connection (docs/operations.md).
  idle_timeout      = 60
  client_keep_alive = 60

  access_logs {
    enabled = true
    bucket  = var.log_bucket
    prefix  = var.name
  }
}

resource "aws_lb_target_group" "this" {
  for_each = toset(["blue", "green"])

  name                 = "${var.name}-${substr(each.key, 0, 1)}" # the limit is 32 characters
  vpc_id               = var.vpc_id
  target_type          = "ip"
  port                 = var.process_port
  protocol             = "HTTP"
  deregistration_delay = 30

  health_check {
    path                = "/services/ping"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; processes listen in private subnets, for it alone
}

resource "aws_lb_listener" "this" {
  for_each = { production = 443, test = var.test_port }

  load_balancer_arn = aws_lb.this.arn
  port              = each.value
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = var.certificate_arn

  routing_http_response_server_enabled                         = false
  routing_http_response_strict_transport_security_header_value = "max-age=31536000; includeSubDomains"
  routing_http_response_x_content_type_options_header_value    = "nosniff"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }

  lifecycle {
    ignore_changes = [default_action] # CodeDeploy changes the target group
  }
}
