using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Bedrock;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Bedrock;

/// <summary>Sources of AWS keys, and the handling of rejected keys. The endpoint verifies each signature.</summary>
public sealed class AwsCredentialsTests : IAsyncLifetime
{
    private const string Secret = "wJalrXUtnFEMI/K7MDENG";
    private const string Nova = "amazon.nova-pro-v1:0";

    private static readonly string Answer =
        Frames.Event("messageStart", """{"role":"assistant"}""")
        + Frames.Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"text":"Hi"}}""")
        + Frames.Event("messageStop", """{"stopReason":"end_turn"}""");

    private readonly ProviderHttp http = new();
    private readonly ScriptedEndpoint endpoint = new();
    private readonly ScriptedEndpoint portal = new();
    private readonly string home = Directory.CreateTempSubdirectory("plue-aws-").FullName;
    private readonly Dictionary<string, string> variables = new() { ["AWS_REGION"] = "us-east-1" };
    private readonly List<string> masked = [];

    /// <summary>The valid credentials by key ID.</summary>
    private readonly Dictionary<string, (string Secret, string? Session)> good = new() { ["AKID1"] = (Secret, null) };
    private TimeSpan serverAhead;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(home, ".aws", "sso", "cache"));
        endpoint.Route = Judge;
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await endpoint.DisposeAsync();
        await portal.DisposeAsync();
        http.Dispose();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Keys_in_the_environment_sign_and_are_masked()
    {
        good["AKID1"] = (Secret, "session-of-mine");
        Set(("AWS_ACCESS_KEY_ID", "AKID1"), ("AWS_SECRET_ACCESS_KEY", Secret), ("AWS_SESSION_TOKEN", "session-of-mine"));
        await AssertAnswersAsync(Provider());
        Assert.Contains(Secret, masked);
        Assert.Contains("session-of-mine", masked);
        Assert.DoesNotContain(Secret, string.Concat(endpoint.Requests.SelectMany(request => request.Headers.Values)));
    }

    [Fact]
    public async Task Keys_of_the_default_profile_are_found()
    {
        Write(
            "credentials",
            $"""
            # a comment
            [default]
            aws_access_key_id = AKID1
            AWS_SECRET_ACCESS_KEY={Secret}
            s3 =
              addressing_style = path
            """
        );
        await AssertAnswersAsync(Provider());
    }

    [Fact]
    public async Task A_named_profile_counts_before_the_environments_and_gives_its_region()
    {
        variables.Clear();
        Set(("AWS_PROFILE", "other"), ("AWS_ACCESS_KEY_ID", "AKID9"), ("AWS_SECRET_ACCESS_KEY", "another"));
        Write(
            "config",
            $"[profile work] ; mine\nregion = us-east-1 # near\naws_access_key_id = AKID1\naws_secret_access_key = {Secret}\n[profile other]\n"
        );
        await AssertAnswersAsync(Provider(("profile", "work")));
        Assert.Contains("/us-east-1/bedrock/", endpoint.Requests[^1].Headers["authorization"]);
    }

    [Fact]
    public async Task The_paths_of_the_files_can_be_configured()
    {
        Write("mine.txt", $"[x]\naws_access_key_id=AKID1\naws_secret_access_key={Secret}\n");
        Set(("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/mine.txt"), ("AWS_PROFILE", "x"));
        await AssertAnswersAsync(Provider());
    }

    [Fact]
    public async Task Stored_keys_are_asked_for_by_the_origin_that_is_called()
    {
        Set(("AWS_ACCESS_KEY_ID", "AKID9"), ("AWS_SECRET_ACCESS_KEY", "another"));
        var secrets = new FixedSecrets(Secret);
        await AssertAnswersAsync(Provider(secrets, ("access_key_id", "AKID1"), ("secret_access_key", "vault://mine/secret_access_key")));
        Assert.Equal([("vault://mine/secret_access_key", endpoint.Url)], secrets.Asked);
    }

    [Fact]
    public async Task A_secret_in_plain_text_in_the_settings_is_not_used()
    {
        var failure = await FailureOfAsync(Provider(("access_key_id", "AKID1"), ("secret_access_key", Secret)));
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.DoesNotContain(Secret, failure.Message);
        Assert.Empty(endpoint.Requests);
    }

    [Theory]
    [InlineData("[default]\ncredential_process = /bin/keys", "does not run programs")]
    [InlineData("[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y", "takes on a role")]
    [InlineData("[default]\noutput = json", "has no keys")]
    [InlineData("[default]\nsso_session = gone", "does not set everything that SSO requires")]
    public async Task An_unusable_profile_reports_the_reason(string config, string why)
    {
        Write("config", config);
        var failure = await FailureOfAsync(Provider());
        Assert.Equal(FailureKind.ProviderAuthFailed, failure.Kind);
        Assert.Contains(why, failure.Message);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task No_keys_at_all_is_a_sentence_with_a_way_forward()
    {
        Assert.Contains("aws configure", (await FailureOfAsync(Provider())).Message);
        Assert.Contains("no AWS profile \"gone\"", (await FailureOfAsync(Provider(("profile", "gone")))).Message);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_sign_in_is_exchanged_for_the_keys_of_the_role_and_never_sent_to_Bedrock(bool hasSession)
    {
        var ends = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds();
        good["ASIA1"] = (Secret, "role-session");
        portal.Answers.Add(
            ScriptedAnswer.Json(
                $$$"""{"roleCredentials":{"accessKeyId":"ASIA1","secretAccessKey":"{{{Secret}}}","sessionToken":"role-session","expiration":{{{ends}}}}}"""
            )
        );
        WriteSso(hasSession, DateTimeOffset.UtcNow.AddHours(8));
        var provider = Provider(("sso_endpoint", portal.Url.ToString()));
        await AssertAnswersAsync(provider);
        await AssertAnswersAsync(provider);
        var exchange = Assert.Single(portal.Requests);
        Assert.Equal("/federation/credentials?role_name=Dev%20Ops&account_id=123456789012", exchange.Target);
        Assert.Equal("sso-token-canary", exchange.Headers["x-amz-sso_bearer_token"]);
        Assert.All(
            endpoint.Requests,
            request => Assert.DoesNotContain("sso-token-canary", string.Concat(request.Headers.Values) + request.Body)
        );
        Assert.Contains("sso-token-canary", masked);
    }

    [Theory]
    [
        InlineData(-1, 200, "has run out"),
        InlineData(8, 401, "no longer accepts"),
        InlineData(8, 403, "gives no keys"),
        InlineData(8, 500, "Try again"),
        InlineData(null, 200, "not signed in")
    ]
    public async Task A_failed_sign_in_reports_how_to_sign_in_again(int? hours, int status, string said)
    {
        portal.Answers.Add(ScriptedAnswer.Json("{}", status));
        WriteSso(true, DateTimeOffset.UtcNow.AddHours(hours ?? 0));
        if (hours is null)
        {
            Directory.Delete(Path.Combine(home, ".aws", "sso"), recursive: true);
        }
        var failure = await FailureOfAsync(Provider(("sso_endpoint", portal.Url.ToString())));
        Assert.Contains(said, failure.Message);
        if (status != 500)
        {
            Assert.Equal(FailureKind.ProviderAuthFailed, failure.Kind);
        }
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task A_sign_in_goes_to_AWS_only()
    {
        WriteSso(true, DateTimeOffset.UtcNow.AddHours(8));
        Assert.Contains("go only to AWS", (await FailureOfAsync(Provider(("sso_endpoint", "https://portal.example")))).Message);
    }

    [Fact]
    public async Task Keys_that_ran_out_are_read_once_more()
    {
        Write("credentials", "[default]\naws_access_key_id=AKID0\naws_secret_access_key=old-secret\n");
        var provider = Provider();
        var judge = endpoint.Route;
        endpoint.Route = request =>
        {
            if (request.Headers["authorization"].Contains("AKID0"))
            {
                Write("credentials", $"[default]\naws_access_key_id=AKID1\naws_secret_access_key={Secret}\n");
            }
            return judge!(request);
        };
        await AssertAnswersAsync(provider);
        Assert.Equal(2, endpoint.Requests.Count);
    }

    [Fact]
    public async Task Keys_that_stay_refused_are_named_and_not_tried_again()
    {
        Write("credentials", "[work]\naws_access_key_id=AKID0\naws_secret_access_key=old-secret\n");
        var failure = await FailureOfAsync(Provider(("profile", "work")));
        Assert.Equal(FailureKind.ProviderAuthFailed, failure.Kind);
        Assert.Contains("refused the keys of the AWS profile \"work\" (403)", failure.Message);
        Assert.DoesNotContain("old-secret", failure.Message);
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task Many_chats_whose_keys_ran_out_all_get_the_new_ones()
    {
        Write("credentials", "[default]\naws_access_key_id=AKID0\naws_secret_access_key=old-secret\n");
        var provider = Provider();
        Assert.NotNull(await provider.CheckAsync(Cancel));
        Write("credentials", $"[default]\naws_access_key_id=AKID1\naws_secret_access_key={Secret}\n");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await AskAsync(provider)));
        Assert.All(answers, events => Assert.IsType<ProviderEvent.Finished>(events[^1]));
    }

    [Theory]
    [InlineData(26), InlineData(-26)]
    public async Task A_clock_that_is_wrong_is_put_right_by_the_servers(int hours)
    {
        serverAhead = TimeSpan.FromHours(hours);
        Set(("AWS_ACCESS_KEY_ID", "AKID1"), ("AWS_SECRET_ACCESS_KEY", Secret));
        var provider = Provider();
        await AssertAnswersAsync(provider);
        Assert.Equal(2, endpoint.Requests.Count);
        await AssertAnswersAsync(provider);
        Assert.Equal(3, endpoint.Requests.Count);
    }

    [Fact]
    public async Task Denied_access_is_not_tried_again()
    {
        Set(("AWS_ACCESS_KEY_ID", "AKID1"), ("AWS_SECRET_ACCESS_KEY", Secret));
        endpoint.Route = _ =>
            ScriptedAnswer.Json(
                """{"message":"You don't have access to the model with the specified model ID."}""",
                403,
                ("x-amzn-ErrorType", "AccessDeniedException:http://x/")
            );
        var failure = await FailureOfAsync(Provider());
        Assert.Contains("the AWS keys in the environment", failure.Message);
        Assert.Contains("access to the model", failure.Message);
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task An_API_key_in_the_environment_goes_to_AWS_only()
    {
        Set(("AWS_BEARER_TOKEN_BEDROCK", "ABSK-canary-token"));
        var failure = await FailureOfAsync(Provider());
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, failure.Kind);
        Assert.Empty(endpoint.Requests);

        using var request = new HttpRequestMessage(HttpMethod.Post, "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse");
        var settings = Settings() with { Endpoint = null };
        var credential = new BedrockCredential(Credentials(settings, new FixedSecrets()), "us-east-1", TimeProvider.System);
        await credential.ApplyAsync(
            request,
            default,
            new ProviderFailures(settings, new ProviderEndpoint(settings, "https://x.amazonaws.com", path => path), null),
            Cancel
        );
        Assert.Equal("Bearer ABSK-canary-token", request.Headers.Authorization?.ToString());
        Assert.Contains("ABSK-canary-token", masked);
    }

    [Fact]
    public async Task A_custom_header_replaces_the_signature()
    {
        var settings = Settings() with { Headers = new Dictionary<string, string> { ["Authorization"] = "Gateway x" } };
        endpoint.Route = _ => ScriptedAnswer.Frames().Send(Answer);
        Assert.IsType<ProviderEvent.Finished>((await AskAsync(Provider(settings, new FixedSecrets())))[^1]);
        Assert.Equal("Gateway x", endpoint.Requests[^1].Headers["authorization"]);
    }

    private ScriptedAnswer Judge(ScriptedRequest request)
    {
        var now = DateTimeOffset.UtcNow + serverAhead;
        var date = ("Date", now.ToString("r", CultureInfo.InvariantCulture));
        var authorization = request.Headers["authorization"];
        var id = authorization[(authorization.IndexOf("Credential=", StringComparison.Ordinal) + 11)..authorization.IndexOf('/')];
        if (!good.TryGetValue(id, out var known))
        {
            return Refuse("ExpiredTokenException", "The security token included in the request is expired");
        }
        var sentAt = DateTimeOffset.ParseExact(
            request.Headers["x-amz-date"],
            "yyyyMMdd'T'HHmmss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal
        );
        if ((now - sentAt).Duration() > TimeSpan.FromMinutes(15))
        {
            return Refuse("InvalidSignatureException", "Signature expired");
        }

        var names = authorization[(authorization.IndexOf("SignedHeaders=", StringComparison.Ordinal) + 14)..authorization.LastIndexOf(',')]
            .Split(';');
        var parts = request.Target.Split('?');
        var expected = AwsSignature.Of(
            new AwsRequest(
                request.Method,
                parts[0],
                parts.ElementAtOrDefault(1) ?? "",
                [.. names.Select(name => (name, request.Headers[name]))],
                Encoding.UTF8.GetBytes(request.Body)
            ),
            new AwsKeys(id, known.Secret, null, "", ""),
            "us-east-1",
            "bedrock",
            sentAt
        );
        var isGood =
            authorization == expected.Authorization
            && request.Headers.GetValueOrDefault("x-amz-security-token") == known.Session
            && new[] { "host", "x-amz-date", "x-amz-content-sha256", "content-type" }.All(names.Contains)
            && request.Headers["x-amz-content-sha256"] == Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.Body)));
        return isGood
            ? ScriptedAnswer.Frames().Send(Answer)
            : Refuse("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.");

        ScriptedAnswer Refuse(string type, string message) =>
            ScriptedAnswer.Json($$"""{"message":"{{message}}"}""", 403, ("x-amzn-ErrorType", type), date);
    }

    private ProviderSettings Settings(params (string Name, string Value)[] auth) =>
        new()
        {
            Id = "mine",
            Name = "My AWS",
            Kind = ProviderKinds.Bedrock,
            Endpoint = endpoint.Url,
            AdditionalAuth = auth.ToDictionary(field => field.Name, field => field.Value),
        };

    private BedrockProvider Provider(params (string Name, string Value)[] auth) => Provider(Settings(auth), new FixedSecrets());

    private BedrockProvider Provider(ISecretSource secrets, params (string Name, string Value)[] auth) => Provider(Settings(auth), secrets);

    private BedrockProvider Provider(ProviderSettings settings, ISecretSource secrets) =>
        new(settings, secrets, http, TimeProvider.System, name => variables.GetValueOrDefault(name), home, masked.Add);

    private AwsCredentials Credentials(ProviderSettings settings, ISecretSource secrets) =>
        new(settings, secrets, http, TimeProvider.System, name => variables.GetValueOrDefault(name), home, masked.Add);

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
                    Model = Nova,
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

    private void Set(params (string Name, string Value)[] values)
    {
        foreach (var (name, value) in values)
        {
            variables[name] = value;
        }
    }

    private void Write(string name, string text) => File.WriteAllBytes(Path.Combine(home, ".aws", name), Encoding.UTF8.GetBytes(text));

    private void WriteSso(bool hasSession, DateTimeOffset ends)
    {
        const string Role = "sso_account_id = 123456789012\nsso_role_name = Dev Ops\n";
        const string Start = "sso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n";
        Write(
            "config",
            hasSession
                ? $"[default]\nsso_session = corp\n{Role}[sso-session corp]\n{Start}sso_registration_scopes = sso:account:access\n"
                : $"[default]\n{Start}{Role}"
        );
#pragma warning disable CA5350 // The AWS CLI uses SHA-1 for the file name.
        var name = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(hasSession ? "corp" : "https://corp.awsapps.com/start")));
#pragma warning restore CA5350
        Write(
            $"sso/cache/{name}.json",
            $$"""{"startUrl":"https://corp.awsapps.com/start","region":"us-east-1","accessToken":"sso-token-canary","expiresAt":"{{ends.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""
        );
    }
}
