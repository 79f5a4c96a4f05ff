using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.VertexAi;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.VertexAi;

/// <summary>Sources of access tokens, and how long they are used.</summary>
public sealed class GoogleAccountTests : IAsyncLifetime
{
    private const string Answer = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}]},\"finishReason\":\"STOP\"}]}\n\n";

    private readonly ProviderHttp http = new();
    private readonly ScriptedEndpoint endpoint = new(ScriptedAnswer.Events().Send(Answer));
    private readonly ScriptedEndpoint tokens = new();
    private readonly string home = Directory.CreateTempSubdirectory("plue-google-").FullName;
    private readonly Dictionary<string, string> variables = [];
    private readonly List<string> masked = [];
    private readonly MovingTime time = new();
    private int given;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Uri TokenUri => new(tokens.Url, "/token");

    public ValueTask InitializeAsync()
    {
        tokens.Route = _ =>
            ScriptedAnswer.Json(
                $$"""{"access_token":"ya29.token-{{Interlocked.Increment(ref given)}}","expires_in":3599,"token_type":"Bearer"}"""
            );
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        await tokens.DisposeAsync();
        http.Dispose();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task A_service_account_signs_who_it_is_and_for_how_long()
    {
        await AssertAnswersAsync(Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri)))));
        var form = HttpUtility.ParseQueryString(Assert.Single(tokens.Requests).Body);
        Assert.Equal("urn:ietf:params:oauth:grant-type:jwt-bearer", form["grant_type"]);
        var parts = form["assertion"]!.Split('.');
        Assert.True(
            GoogleKeys.Pair.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            )
        );
        Assert.Equal("""{"alg":"RS256","typ":"JWT","kid":"kid-1"}""", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])));
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal("bot@proj.iam.gserviceaccount.com", claims.RootElement.GetProperty("iss").GetString());
        Assert.Equal("https://www.googleapis.com/auth/cloud-platform", claims.RootElement.GetProperty("scope").GetString());
        Assert.Equal(TokenUri.ToString(), claims.RootElement.GetProperty("aud").GetString());
        Assert.Equal(
            (now, now + 3600),
            (claims.RootElement.GetProperty("iat").GetInt64(), claims.RootElement.GetProperty("exp").GetInt64())
        );
        Assert.Contains("ya29.token-1", masked);
        Assert.Contains(masked, secret => secret.StartsWith("-----BEGIN PRIVATE KEY", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Uses_the_project_of_the_settings_before_that_of_the_file()
    {
        var file = ("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri)));
        await AssertAnswersAsync(Provider(file));
        Assert.StartsWith("/v1/projects/proj-of-file/locations/global/publishers/google/", endpoint.Requests[^1].Target);
        await AssertAnswersAsync(Provider(file, ("project", "mine"), ("location", "us-central1")));
        Assert.StartsWith("/v1/projects/mine/locations/us-central1/publishers/google/", endpoint.Requests[^1].Target);
    }

    [Fact]
    public async Task Without_a_project_anywhere_nothing_is_sent()
    {
        var file = ("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri, project: null)));
        var failure = await FailureOfAsync(Provider(file));
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.Contains("GOOGLE_CLOUD_PROJECT", failure.Message);
        Assert.Empty(endpoint.Requests);
        variables["GOOGLE_CLOUD_PROJECT"] = "of-environment";
        await AssertAnswersAsync(Provider(file));
        Assert.Contains("/projects/of-environment/", endpoint.Requests[^1].Target);
    }

    [Fact]
    public async Task A_token_is_used_until_five_minutes_before_its_end()
    {
        var provider = Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri))));
        await AssertAnswersAsync(provider);
        time.Advance(TimeSpan.FromMinutes(54));
        await AssertAnswersAsync(provider);
        Assert.Single(tokens.Requests);
        time.Advance(TimeSpan.FromMinutes(1));
        await AssertAnswersAsync(provider);
        Assert.Equal(2, tokens.Requests.Count);
        Assert.Equal("Bearer ya29.token-2", endpoint.Requests[^1].Headers["authorization"]);
    }

    [Fact]
    public async Task A_refused_token_is_replaced_once_and_by_one_request_for_all()
    {
        var provider = Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri))));
        endpoint.Route = request =>
            request.Headers["authorization"] == "Bearer ya29.token-1" ? Refused() : ScriptedAnswer.Events().Send(Answer);
        await AssertAnswersAsync(Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri)))));
        Assert.Equal(2, tokens.Requests.Count);

        given = 0;
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await AskAsync(provider)));
        Assert.All(answers, events => Assert.IsType<ProviderEvent.Finished>(events[^1]));
        Assert.Equal(4, tokens.Requests.Count);
    }

    [Fact]
    public async Task An_account_that_stays_refused_is_named_and_not_tried_again()
    {
        endpoint.Route = _ => Refused();
        var failure = await FailureOfAsync(Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri)))));
        Assert.Equal(FailureKind.ProviderAuthFailed, failure.Kind);
        Assert.Contains("refused the service account bot@proj.iam.gserviceaccount.com (401)", failure.Message);
        Assert.Equal(2, endpoint.Requests.Count);
    }

    [Fact]
    public async Task OAuth_sign_in_needs_no_machine_credentials()
    {
        var settings = new ProviderSettings
        {
            Id = "mine",
            Name = "Vertex",
            Kind = ProviderKinds.VertexAi,
            Endpoint = endpoint.Url,
        };
        var signIn = new ApiKeyCredential(
            settings with
            {
                ApiKeyRef = "vault://mine/token",
            },
            new FixedSecrets(),
            new ProviderEndpoint(settings, "", path => path),
            ("authorization", "Bearer ")
        );
        var provider = new VertexProvider(
            settings,
            new FixedSecrets(),
            http,
            time,
            name => variables.GetValueOrDefault(name),
            home,
            masked.Add,
            signIn
        );
        Assert.Equal(FailureKind.MissingField, (await FailureOfAsync(provider)).Kind);
        variables["GOOGLE_CLOUD_PROJECT"] = "p";
        await AssertAnswersAsync(provider);
        Assert.Equal("Bearer " + FixedSecrets.Key, endpoint.Requests[^1].Headers["authorization"]);
    }

    [Fact]
    public async Task A_403_is_about_rights_and_asks_for_no_other_token()
    {
        endpoint.Route = _ =>
            ScriptedAnswer.Json(
                """{"error":{"code":403,"message":"Vertex AI API has not been used in project 1 before or it is disabled.","status":"PERMISSION_DENIED"}}""",
                403
            );
        var failure = await FailureOfAsync(Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri)))));
        Assert.Contains("has not been used", failure.Message);
        Assert.Single(endpoint.Requests);
        Assert.Single(tokens.Requests);
    }

    [Fact]
    public async Task A_users_own_sign_in_is_refreshed_and_charged_to_its_project()
    {
        var file =
            $$"""{"type":"authorized_user","client_id":"id-1","client_secret":"client-secret-1","refresh_token":"refresh-1","quota_project_id":"payer","token_uri":"{{TokenUri}}"}""";
        await AssertAnswersAsync(Provider(("credentials", Write("adc.json", file)), ("project", "p")));
        var form = HttpUtility.ParseQueryString(Assert.Single(tokens.Requests).Body);
        Assert.Equal(
            ("refresh_token", "refresh-1", "id-1", "client-secret-1"),
            (form["grant_type"], form["refresh_token"], form["client_id"], form["client_secret"])
        );
        Assert.Equal("payer", endpoint.Requests[^1].Headers["x-goog-user-project"]);
        Assert.Contains("refresh-1", masked);
        Assert.Contains("client-secret-1", masked);
    }

    [Theory]
    [InlineData("https://evil.example/#"), InlineData("EU west"), InlineData("a.b")]
    public async Task A_location_cannot_smuggle_a_host_in(string location)
    {
        var failure = await FailureOfAsync(
            Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri))), ("location", location))
        );
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.Empty(endpoint.Requests);
        Assert.Empty(tokens.Requests);
    }

    [Theory]
    [InlineData("http://tokens.example/token"), InlineData("file:///etc/passwd"), InlineData("token")]
    public async Task A_token_service_that_is_not_safe_is_not_asked(string uri)
    {
        var file = GoogleKeys.ServiceAccount(TokenUri).Replace(TokenUri.ToString(), uri);
        Assert.Contains("not trusted", (await FailureOfAsync(Provider(("credentials", Write("key.json", file))))).Message);
    }

    [Theory]
    [
        InlineData("nonsense -----BEGIN", "is not JSON"),
        InlineData("[]", "neither a service account"),
        InlineData("""{"type":"external_account"}""", "neither a service account")
    ]
    [InlineData("""{"type":"service_account","client_email":"a"}""", "no private_key")]
    [InlineData(
        """{"type":"service_account","client_email":"a@b","private_key":"-----BEGIN PRIVATE KEY-----\nMIIx\n-----END PRIVATE KEY-----","project_id":"p"}""",
        "cannot be used"
    )]
    public async Task An_unusable_file_reports_the_reason_without_quoting_its_content(string text, string why)
    {
        var failure = await FailureOfAsync(Provider(("credentials", Write("key.json", text))));
        Assert.Equal(FailureKind.ProviderAuthFailed, failure.Kind);
        Assert.Contains(why, failure.Message);
        Assert.DoesNotContain("BEGIN", failure.Message);
        Assert.Empty(endpoint.Requests);
    }

    [Theory]
    [InlineData(
        400,
        """{"error":"invalid_grant","error_description":"Invalid JWT Signature."}""",
        FailureKind.ProviderAuthFailed,
        "Invalid JWT Signature"
    )]
    [InlineData(503, "{}", FailureKind.Overloaded, "Try again")]
    [InlineData(200, "<html>", FailureKind.BadResponse, "unexpected response")]
    [InlineData(200, "{}", FailureKind.ProviderAuthFailed, "gives no access")]
    public async Task A_token_service_that_gives_none_is_a_sentence(int status, string body, FailureKind kind, string said)
    {
        tokens.Route = _ => ScriptedAnswer.Json(body, status);
        var failure = await FailureOfAsync(Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri)))));
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(said, failure.Message);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task A_token_service_that_is_not_there_is_a_sentence()
    {
        await tokens.DisposeAsync();
        Assert.Equal(
            FailureKind.Unreachable,
            (await FailureOfAsync(Provider(("credentials", Write("key.json", GoogleKeys.ServiceAccount(TokenUri)))))).Kind
        );
    }

    [Fact]
    public async Task Credentials_that_only_lie_on_the_machine_go_to_Google_only()
    {
        variables["GOOGLE_APPLICATION_CREDENTIALS"] = Write("key.json", GoogleKeys.ServiceAccount(TokenUri));
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, (await FailureOfAsync(Provider(("project", "p")))).Kind);
        variables.Clear();
        Directory.CreateDirectory(Path.Combine(home, ".config", "gcloud"));
        variables["CLOUDSDK_CONFIG"] = home;
        Write("application_default_credentials.json", GoogleKeys.ServiceAccount(TokenUri));
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, (await FailureOfAsync(Provider(("project", "p")))).Kind);
        Assert.Empty(tokens.Requests);

        using var account = Account(
            new ProviderSettings
            {
                Id = "mine",
                Name = "Vertex",
                Kind = ProviderKinds.VertexAi,
            }
        );
        Assert.Equal("ya29.token-1", (await account.TokenAsync(new Uri("https://europe-west1-aiplatform.googleapis.com"), Cancel)).Value);
    }

    [Fact]
    public async Task No_credentials_at_all_is_a_sentence_with_a_way_forward()
    {
        variables["CLOUDSDK_CONFIG"] = home;
        Assert.Contains("gcloud auth application-default login", (await FailureOfAsync(Provider(("project", "p")))).Message);
        Assert.Contains("cannot be read", (await FailureOfAsync(Provider(("credentials", "~/gone.json"), ("project", "p")))).Message);
    }

    private static ScriptedAnswer Refused() =>
        ScriptedAnswer.Json(
            """{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}""",
            401
        );

    private VertexProvider Provider(params (string Name, string Value)[] auth) =>
        new(
            new ProviderSettings
            {
                Id = "mine",
                Name = "Vertex",
                Kind = ProviderKinds.VertexAi,
                Endpoint = endpoint.Url,
                AdditionalAuth = auth.ToDictionary(field => field.Name, field => field.Value),
            },
            new FixedSecrets(),
            http,
            time,
            name => variables.GetValueOrDefault(name),
            home,
            masked.Add
        );

    private GoogleAccount Account(ProviderSettings settings) =>
        new(settings, new FixedSecrets(), http, time, name => variables.GetValueOrDefault(name), home, masked.Add);

    private static async Task<List<ProviderEvent>> AskAsync(IProvider provider)
    {
        var message = new Message
        {
            Id = "msg_1",
            CodexId = "chat_1",
            Role = MessageRole.User,
            Parts = [new MessagePart.Text("Hello")],
            CreatedAt = DateTimeOffset.UnixEpoch,
        };
        return await provider
            .StreamAsync(
                new ProviderRequest
                {
                    CodexId = "chat_1",
                    Model = "gemini-3-pro",
                    Messages = [message],
                },
                Cancel
            )
            .ToListAsync(Cancel);
    }

    private static async Task AssertAnswersAsync(IProvider provider)
    {
        var events = await AskAsync(provider);
        Assert.True(events[^1] is ProviderEvent.Finished, events[^1].ToString());
    }

    private static async Task<Failure> FailureOfAsync(IProvider provider) =>
        Assert.IsType<ProviderEvent.Failed>((await AskAsync(provider))[^1]).Failure;

    private string Write(string name, string text)
    {
        var path = Path.Combine(home, name);
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
        return path;
    }

    /// <summary>A clock that advances only when moved; its timers use real time.</summary>
    private sealed class MovingTime : TimeProvider
    {
        private long ahead;

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero) + ElapsedByHand;

        public void Advance(TimeSpan by) => Interlocked.Add(ref ahead, by.Ticks);

        private TimeSpan ElapsedByHand => TimeSpan.FromTicks(Interlocked.Read(ref ahead));
    }
}
