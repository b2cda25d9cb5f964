from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import path

from hello.models import Visit


def front(request: HttpRequest) -> JsonResponse:
    Visit.objects.create()
    encrypted = connection.connection.info.ssl_in_use
    return JsonResponse({"visits": Visit.objects.count(), "encrypted": encrypted, "css": static("site.css")})


urlpatterns = [path("", front)]
