using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Cli;

/// <summary>What one run needs from the rest of the house; bound in Composition, made only when a run really begins.</summary>
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
    /// <summary>What a codex of this template with these values is told, with the rules of the folder that was named.</summary>
    public required Func<string, Json5Object, Instructions> SteeringOf { get; init; }
    public required ITextMask Redactor { get; init; }
    /// <summary>What is taken out of the answer; null when the user wants it as it is.</summary>
    public required Func<ITextMask?> Secrets { get; init; }
    public required Func<ValueTask> Dispose { get; init; }

    public ValueTask DisposeAsync() => Dispose();
}
