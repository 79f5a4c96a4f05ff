using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Vault;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Providers.Connections.OAuth;

/// <summary>A provider with OAuth, its authorization server, and a real vault, for any number of processes.</summary>
internal sealed class OAuthHome : IAsyncDisposable
{
    private readonly VaultHome files = new();
    private readonly List<Process> processes = [];

    public AuthorizationServer Server { get; } = new();
    public ScriptedEndpoint Api { get; } = new();
    public MovableTime Time { get; } = new();

    /// <summary>Fields as in a user's file.</summary>
    public Dictionary<string, string> Auth { get; } = [];

    public string Ledger => Path.Combine(files.Directory, "plue", "index", "oauth.json");

    public static OAuthHome Create(params string[] addresses)
    {
        var home = new OAuthHome();
        home.Auth["client_id"] = "my-own-client";
        home.Auth["token_url"] = $"{home.Server.Url}token";
        foreach (var name in addresses.DefaultIfEmpty("authorization_url"))
        {
            home.Auth[name] = $"{home.Server.Url}{(name == "device_url" ? "device" : "authorize")}";
        }
        // The API accepts only the latest token.
        home.Api.Route = request =>
            request.Headers.GetValueOrDefault("authorization") == $"Bearer {home.Server.AccessToken}"
                ? ScriptedAnswer.Events().Send(ChatScript.Chunk("Hello")).Send(ChatScript.End)
                : ScriptedAnswer.Json("""{"error":{"message":"token expired"}}""", 401);
        return home;
    }

    public ProviderSettings Settings =>
        new()
        {
            Id = "mine",
            Name = "My server",
            Kind = ProviderKinds.OpenAiCompatible,
            Endpoint = new Uri(Api.Url, "/v1"),
            Auth = AuthType.Oauth,
            Model = "m",
            RetryPolicy = "none",
            AdditionalAuth = new Dictionary<string, string>(Auth),
        };

    public async Task<Process> StartAsync()
    {
        var vault = files.Open(Time);
        if (!File.Exists(files.Path))
        {
            await vault.CreateAsync(VaultHome.Editor, default);
        }
        else
        {
            await vault.UnlockAsync(VaultHome.Editor, default);
        }

        var process = new Process(vault, files.Redactor, new PluePaths(Path.Combine(files.Directory, "plue")), Time);
        processes.Add(process);
        return process;
    }

    /// <summary>Creates a process that is signed in.</summary>
    public async Task<Process> SignedInAsync()
    {
        var process = await StartAsync();
        var start = await process.SignIns.BeginAsync(Settings, default);
        using var page = await Server.AllowAsync(start.Url.AbsoluteUri);
        await process.SignIns.AwaitAsync("mine", default).WaitAsync(TimeSpan.FromSeconds(20));
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
        await Server.DisposeAsync();
        await Api.DisposeAsync();
        files.Dispose();
    }

    internal sealed class Process : IAsyncDisposable
    {
        private readonly ProviderHttp http = new();
        private readonly SecretSource secrets;
        private readonly MovableTime time;

        public Process(Plue.Server.Vault.Vault vault, Redactor redactor, PluePaths paths, MovableTime time)
        {
            (Vault, Redactor, this.time) = (vault, redactor, time);
            secrets = new SecretSource(vault, new EnvironmentKeys(_ => null, redactor));
            Tokens = new OAuthTokens(secrets, http, paths, time);
            SignIns = new SignIns(Tokens, time);
        }

        public Plue.Server.Vault.Vault Vault { get; }
        public Redactor Redactor { get; }
        public OAuthTokens Tokens { get; }
        public SignIns SignIns { get; }

        public async Task<List<ProviderEvent>> AskAsync(ProviderSettings settings)
        {
            // The connection's timeouts are not under test.
            await using var provider = new OpenAiCompatibleProvider(
                settings,
                secrets,
                http,
                TimeProvider.System,
                new OAuthCredential(settings, Tokens)
            );
            var request = new ProviderRequest
            {
                CodexId = "chat_1",
                Model = "m",
                Messages =
                [
                    new Message
                    {
                        Id = "1",
                        CodexId = "chat_1",
                        Role = MessageRole.User,
                        Parts = [new MessagePart.Text("Hi")],
                        CreatedAt = time.GetUtcNow(),
                    },
                ],
            };
            return await provider.StreamAsync(request, new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token).ToListAsync();
        }

        public async Task<Failure?> FailureAsync(ProviderSettings settings) =>
            (await AskAsync(settings)).OfType<ProviderEvent.Failed>().SingleOrDefault()?.Failure;

        public async ValueTask DisposeAsync()
        {
            await SignIns.DisposeAsync();
            await Vault.DisposeAsync();
            http.Dispose();
        }
    }
}
