# The function that checks a release of one surface behind the test listener.
resource "aws_lambda_function" "this" {
  function_name    = "CodeDeployHook_${var.name}" # AWS lets CodeDeploy call names with this prefix
  role             = module.check_role.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "check.handler"
  filename         = var.package
  source_code_hash = filebase64sha256("${path.module}/check.py")
  timeout          = 120
  memory_size      = 128
  kms_key_arn      = var.log_key_arn

  environment {
    variables = {
      HOST          = var.host
      PORT          = var.test_port
      LOAD_BALANCER = var.load_balancer
    }
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = "PassThrough"
  }

  #checkov:skip=CKV_AWS_116:CodeDeploy waits for the result and fails the deployment without one; a queue would not help
  #checkov:skip=CKV_AWS_115:It runs once in a deployment, so it needs no reserved concurrency
  #checkov:skip=CKV_AWS_272:The package is made from this repository by the same job that applies it
  #checkov:skip=CKV_AWS_50:One call in a deployment needs no trace, and X-Ray would need an endpoint
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/deployment-check"
  retention_in_days = 90
  kms_key_id        = var.log_key_arn

  #checkov:skip=CKV_AWS_338:Results of deployments are of no use after 90 days
}

module "check_role" {
  source = "../service_role"

  name        = "${var.name}-deployment-check"
  service     = "lambda.amazonaws.com"
  account     = null # Lambda sends no source account
  policy_name = "check-a-deployment"
  statements = [
    {
      Sid      = "WriteTheLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    },
    {
      Sid      = "ReportTheResult"
      Effect   = "Allow"
      Action   = "codedeploy:PutLifecycleEventHookExecutionStatus"
      Resource = "arn:aws:codedeploy:${var.region}:${var.account}:deploymentgroup:${var.name}/${var.name}"
    },
    {
      Sid    = "RunInTheVpc"
      Effect = "Allow"
      Action = [
        "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
      ]
      Resource = "*" # Lambda requires it: interfaces do not exist yet, and Describe knows no resources
    },
  ]
}
