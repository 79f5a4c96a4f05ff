using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Cli;

/// <summary>The services of one run; bound in Composition and created when the run starts.</summary>
internal sealed class RunServices : IAsyncDisposable
{
    public required ProviderRegistry Providers { get; init; }
    public required Lazy<Vault.Vault> Vault { get; init; }
    public required TimeProvider Time { get; init; }
    /// <summary>Makes a provider of settings that no file has.</summary>
    public required Func<ProviderSettings, IProvider> Build { get; init; }
    /// <summary>Lets an environment variable's key go to the origin that the command line named.</summary>
    public required Action<string, string> BindKey { get; init; }
    /// <summary>Keeps a key that was handed over, for one origin; gives its reference.</summary>
    public required Func<string, string, string> RegisterKey { get; init; }
    public required Func<TemplateCatalog> Templates { get; init; }
    /// <summary>Builds the instructions for a template with these values, including those of the workspace folder.</summary>
    public required Func<string, Json5Object, Instructions> SteeringOf { get; init; }
    public required ITextMask Redactor { get; init; }
    /// <summary>The mask for the response; null if the user wants it unmasked.</summary>
    public required Func<ITextMask?> Secrets { get; init; }
    public required Func<ValueTask> Dispose { get; init; }

    public ValueTask DisposeAsync() => Dispose();
}
