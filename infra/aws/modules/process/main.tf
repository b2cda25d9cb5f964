# One process of the Procfile for one surface: its task definition, its two roles and its log.
locals {
  is_web = var.program == "web"

  container = {
    name      = "process"
    image     = var.image
    essential = true
    command   = [var.program]
    user      = "10001"

    readonlyRootFilesystem = true
    linuxParameters = {
      capabilities       = { drop = ["ALL"] }
      initProcessEnabled = true
    }
    # The only folder that can be written to.
    mountPoints = [{ sourceVolume = "temporary", containerPath = "/tmp", readOnly = false }]
    ulimits     = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]

    portMappings = local.is_web ? [{ containerPort = var.port, protocol = "tcp" }] : []
    environment  = [for name in sort(keys(var.environment)) : { name = name, value = var.environment[name] }]
    secrets      = [for name in sort(keys(var.secret_arns)) : { name = name, valueFrom = var.secret_arns[name] }]

    healthCheck = {
      command     = ["CMD", "bin/healthy"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }
    stopTimeout = 30

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "process"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([local.container])
  track_latest             = true # a promotion registers a revision with another image (infra/release.py)

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }

  # Storage of the task, which Fargate encrypts and which is gone with the task.
  volume {
    name = "temporary"
  }
}
