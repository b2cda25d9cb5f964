# The web processes of one surface: an ECS service whose releases CodeDeploy switches from blue to green. A part of the
# traffic tries a release first; an alarm or a failure moves all of it back.
resource "aws_ecs_service" "this" {
  name                              = var.name
  cluster                           = var.cluster_name
  task_definition                   = var.task_definition_arn
  desired_count                     = var.tasks.minimum
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  health_check_grace_period_seconds = 60
  enable_execute_command            = false
  propagate_tags                    = "SERVICE"

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.target_groups[0].arn
    container_name   = "process"
    container_port   = var.port
  }

  lifecycle {
    # CodeDeploy sets the first two, and autoscaling the third. If Terraform reset the number of tasks, autoscaling
    # would not work, as in the public service.
    ignore_changes = [task_definition, load_balancer, desired_count]
  }
}

resource "aws_codedeploy_app" "this" {
  name             = var.name
  compute_platform = "ECS"
}

resource "aws_codedeploy_deployment_config" "this" {
  deployment_config_name = "${var.name}-canary"
  compute_platform       = "ECS"

  traffic_routing_config {
    type = "TimeBasedCanary"
    time_based_canary {
      percentage = 10
      interval   = var.canary_minutes
    }
  }
}

resource "aws_codedeploy_deployment_group" "this" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = var.name
  deployment_config_name = aws_codedeploy_deployment_config.this.deployment_config_name
  service_role_arn       = var.codedeploy_role_arn

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  ecs_service {
    cluster_name = var.cluster_name
    service_name = aws_ecs_service.this.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [var.listener_arns.production]
      }
      test_traffic_route {
        listener_arns = [var.listener_arns.test]
      }
      dynamic "target_group" {
        for_each = var.target_groups
        content {
          name = target_group.value.name
        }
      }
    }
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }
    terminate_blue_instances_on_deployment_success {
      action = "TERMINATE"
      # For so long, moving back needs no start of processes.
      termination_wait_time_in_minutes = var.keep_blue_minutes
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  alarm_configuration {
    enabled                   = true
    alarms                    = var.alarm_names
    ignore_poll_alarm_failure = false # alarms that cannot be read stop the deployment too
  }

  trigger_configuration {
    trigger_name       = "failed"
    trigger_target_arn = var.warning_topic_arn
    trigger_events     = ["DeploymentFailure", "DeploymentRollback", "DeploymentStop"]
  }
}

# A policy for CPU and one for memory: the larger number of tasks applies.
resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster_name}/${aws_ecs_service.this.name}"
  min_capacity       = var.tasks.minimum
  max_capacity       = var.tasks.maximum
}

resource "aws_appautoscaling_policy" "this" {
  for_each = {
    cpu    = "ECSServiceAverageCPUUtilization"
    memory = "ECSServiceAverageMemoryUtilization"
  }

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_out_cooldown = 60
    scale_in_cooldown  = 300
    predefined_metric_specification {
      predefined_metric_type = each.value
    }
  }
}
