using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Providers.Acp;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Bedrock;
using Plue.Server.Providers.ClaudeCode;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Providers.Copilot;
using Plue.Server.Providers.External;
using Plue.Server.Providers.Gemini;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Ollama;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Providers.Tour;
using Plue.Server.Providers.VertexAi;
using Plue.Server.Providers.VsCode;

namespace Plue.Server.Providers;

/// <summary>Creates providers.</summary>
/// <param name="refusalOf">Returns why the organization does not allow a provider; null if it does. Others are not searched for.</param>
/// <param name="networkVariables">Returns the environment variables of programs for the proxy and certificates in the settings.</param>
internal sealed class ProviderFactory(
    PlatformServices platform,
    ISecretStore secrets,
    OAuthTokens tokens,
    ProviderHttp http,
    ExternalPrograms programs,
    Action<string> registerSecret,
    Func<ProviderSettings, string?> refusalOf,
    Func<IReadOnlyDictionary<string, string>> networkVariables
)
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    private readonly TimeProvider time = platform.Time;

    /// <summary>The language models of the connected editor; null on the command line.</summary>
    public IEditorModels? Editor { get; set; }

    /// <summary>Null if programs run without a sandbox.</summary>
    public IProgramSandbox? Sandbox { get; set; }

    /// <exception cref="FailureException">MissingField: the kind is unknown. PermissionDenied: the organization does not allow it.</exception>
    public IProvider Build(ProviderSettings settings)
    {
        if (refusalOf(settings) is { } refusal)
        {
            throw PolicyRefusals.Refuse(platform.Paths, platform.Time, refusal);
        }

        var credential = settings.AuthType == AuthType.Oauth ? new OAuthCredential(settings, tokens) : null;
        return settings.Kind switch
        {
            ProviderKinds.Anthropic => new AnthropicProvider(settings, secrets, http, time, credential),
            ProviderKinds.OpenAiCompatible => new OpenAiCompatibleProvider(settings, secrets, http, time, credential),
            ProviderKinds.Ollama => new OllamaProvider(settings, secrets, http, time),
            ProviderKinds.OpenAi => new OpenAiProvider(settings, secrets, http, time, credential),
            ProviderKinds.OpenRouter => new OpenRouterProvider(settings, secrets, http, time, credential),
            ProviderKinds.Azure => new AzureProvider(settings, secrets, http, time, credential),
            ProviderKinds.Gemini => new GeminiProvider(settings, secrets, http, time, credential),
            ProviderKinds.Bedrock => new BedrockProvider(
                settings,
                secrets,
                http,
                time,
                Environment.GetEnvironmentVariable,
                PluePaths.UserFolder,
                registerSecret
            ),
            ProviderKinds.VertexAi => new VertexProvider(
                settings,
                secrets,
                http,
                time,
                Environment.GetEnvironmentVariable,
                PluePaths.UserFolder,
                registerSecret,
                credential
            ),
            ProviderKinds.ClaudeCode => ClaudeCode(settings),
            ProviderKinds.External => new ExternalProvider(
                settings,
                secrets,
                programs,
                OwnEnvironment.Read(networkVariables()),
                time,
                platform.Redactor.Mask
            ),
            ProviderKinds.Acp => Agent(settings),
            ProviderKinds.GithubCopilot when credential is not null => new CopilotProvider(settings, secrets, http, time, credential),
            ProviderKinds.GithubCopilot => new EditorModelProvider(settings, EditorModelProvider.Copilot, () => Editor, time),
            ProviderKinds.VsCode => new EditorModelProvider(settings, vendor: null, () => Editor, time),
            ProviderKinds.Tour => new TourProvider(settings, time),
            _ => throw new FailureException(
                FailureKind.MissingField,
                $"{settings.Name} has the kind {settings.Kind}, which this version of Plue does not support."
            ),
        };
    }

    /// <summary>Looks for the claude CLI and its sign-in.</summary>
    public async Task<ClaudeCodeFinding> FindClaudeCodeAsync(CancellationToken cancellationToken)
    {
        var settings = new ProviderSettings
        {
            Id = "claude-code",
            Name = "Claude Code",
            Kind = ProviderKinds.ClaudeCode,
            Source = ProviderSource.Found,
        };
        if (refusalOf(settings) is { } refusal)
        {
            return new ClaudeCodeFinding(null, false, null, refusal, []);
        }

        await using var provider = ClaudeCode(settings);
        var location = await provider.LocateAsync(cancellationToken);
        if (location.Program is null)
        {
            return new ClaudeCodeFinding(null, false, null, "No claude command was found on this machine.", location.Tried);
        }

        var state = await provider.CheckSignInAsync(cancellationToken);
        return new ClaudeCodeFinding(location.Program.DisplayPath, state.SignedIn ?? false, state.Version, state.Sentence, location.Tried);
    }

    /// <summary>Checks whether a provider responds.</summary>
    /// <returns>Null if it does.</returns>
    public async Task<Failure?> ProbeAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        if (refusalOf(settings) is { } refusal)
        {
            return new Failure(FailureKind.PermissionDenied, refusal);
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ProbeTimeout);
        await using var provider = Build(settings);
        try
        {
            return await provider.CheckAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Failure(FailureKind.Timeout, $"{settings.Name} did not respond at {settings.ShownEndpoint} within two seconds.");
        }
    }

    /// <summary>Returns the agents whose program is installed, without starting any.</summary>
    public IReadOnlyList<ProviderSettings> FindAgents() =>
        [
            .. AcpAgent
                .Find(
                    AcpAgent.ProgramFolders(Environment.GetEnvironmentVariable("PATH")),
                    folder => WorkspaceFolders.IsInside(platform.Workspace.OpenFolders, folder)
                )
                .Where(settings => refusalOf(settings) is null),
        ];

    private AcpProvider Agent(ProviderSettings settings) =>
        new(
            settings,
            secrets,
            programs,
            platform.Paths,
            OwnEnvironment.Read(networkVariables()),
            () => Sandbox,
            platform.Redactor.Mask,
            time,
            platform.CreateLogger("Agents")
        );

    private ClaudeCodeProvider ClaudeCode(ProviderSettings settings) =>
        new(
            settings,
            secrets,
            platform.Paths,
            time,
            platform.CreateLogger("ClaudeCode"),
            openFolders: () => platform.Workspace.OpenFolders
        );
}
