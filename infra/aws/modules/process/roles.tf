# The execution role starts the task: it pulls the image, writes the log and reads the secrets of this process. The task
# role is what the program itself has. The public service used one role for both.
locals {
  assumed_by_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account } }
    }]
  })
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = local.assumed_by_tasks
}

resource "aws_iam_role_policy" "execution" {
  name = "start-the-task"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "SignInToTheRegistry"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*" # AWS knows no resource for it
      },
      {
        Sid      = "PullTheImage"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = var.repository_arn
      },
      {
        Sid      = "WriteTheLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this.arn}:*"
      },
      {
        Sid       = "DecryptSecrets"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.secret_key_arns
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      },
      {
        Sid      = "ReadItsOwnSecrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = [for arn in values(var.secret_arns) : trimsuffix(arn, ":password::")]
      },
    ])
  })
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = local.assumed_by_tasks
}

# The policy of the key names the same roles, and permits nothing but digests.
resource "aws_iam_role_policy" "sign" {
  count = length(var.signing_key_arns) > 0 ? 1 : 0

  name = "sign-archives"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "SignArchives"
      Effect   = "Allow"
      Action   = ["kms:GetPublicKey", "kms:Sign"]
      Resource = var.signing_key_arns
    }]
  })
}

resource "aws_iam_role_policy" "archives" {
  count = var.archives == null ? 0 : 1

  name = "keep-archives"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Archives"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = [for prefix in var.archives.prefixes : "${var.archives.bucket_arn}/${prefix}/*"]
      },
      {
        Sid       = "ListArchives"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.archives.bucket_arn
        Condition = { StringLike = { "s3:prefix" = [for prefix in var.archives.prefixes : "${prefix}/*"] } }
      },
      {
        Sid      = "EncryptArchives"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.archives.kms_key_arn
      },
    ]
  })
}
