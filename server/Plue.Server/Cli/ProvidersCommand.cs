using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections;
using Plue.Server.Rpc;
using ModelChoice = Plue.Server.Messages.ModelChoice;
using ProviderSource = Plue.Server.Providers.ProviderSource;

namespace Plue.Server.Cli;

/// <summary><c>plue providers</c>: what provider/* does, from a shell. <c>--json</c> prints the wire's own results.</summary>
internal sealed class ProvidersCommand(Func<ProviderCommandServices> services, Terminal terminal)
{
    private readonly Subcommands<ProviderCommandServices> commands = new(_ => services(), terminal);

    /// <param name="services">Made only when a verb really runs.</param>
    public static Command Create(Func<ProviderCommandServices> services, Terminal terminal) => new ProvidersCommand(services, terminal).Build();

    private Command Build() => new("providers", "Manage providers") { List(), Show(), Add(), Set(), Enable(), Disable(), Test(), Delete(), Default() };

    private Command List()
    {
        var json = CommonOptions.Json();
        return commands.Create("list", "List configured providers and those found on this machine", [json], async (opened, parsed, cancellationToken) =>
        {
            var listed = await opened.Handlers.ListAsync(cancellationToken);
            if (parsed.GetValue(json)) { commands.WriteJson(listed); }
            else
            {
                foreach (var provider in listed.Items) { terminal.WriteLine(Line(provider)); }
            }

            if (listed.FolderProblem is { } problem) { terminal.WriteError(problem); }
            return listed.FolderProblem is null ? ExitCodes.Done : ExitCodes.Failed;
        });
    }

    private Command Show()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        return commands.Create("show", "Show a provider: its fields without secrets, where it is used and its last result", [id, json], async (opened, parsed, cancellationToken) =>
        {
            var detail = await opened.Handlers.GetAsync(parsed.GetValue(id)!, cancellationToken);
            if (parsed.GetValue(json))
            {
                commands.WriteJson(detail);
                return ExitCodes.Done;
            }

            terminal.WriteLine(Line(detail.Summary));
            if (detail.Summary.File is { } file) { terminal.WriteLine($"File: {file}"); }
            foreach (var (field, value) in detail.Configuration) { terminal.WriteLine($"  {field}: {value}"); }
            if (detail.Key is { } key) { terminal.WriteLine($"Key: {key.Reference}, for {string.Join(' ', key.Origins)}"); }
            terminal.WriteLine($"Chats: {detail.Uses.ChatCount}");
            if (detail.Uses.Templates.Count > 0) { terminal.WriteLine($"Templates: {string.Join(", ", detail.Uses.Templates)}"); }
            if (detail.Uses.Settings.Count > 0) { terminal.WriteLine($"Settings: {string.Join(", ", detail.Uses.Settings)}"); }
            foreach (var past in detail.Errors) { terminal.WriteLine($"{Time(past.At)}  {past.Error.Message}"); }
            return ExitCodes.Done;
        });
    }

    private Command Add()
    {
        var fields = new FieldOptions();
        var id = new Option<string?>("--id") { Description = "The name in codex://providers/; defaults to a name derived from --name" };
        var catalog = new Option<string?>("--catalog") { Description = "A catalog vendor, which sets kind and address" };
        var command = commands.Create("add", "Add a provider", [id, catalog, .. fields.All], async (opened, parsed, cancellationToken) =>
        {
            if (parsed.GetValue(id) is { } taken && opened.HasFile(taken)) { throw new FailureException(FailureKind.Conflict, $"The provider {taken} already exists. Change it with: plue providers set {taken}"); }

            var added = await opened.Handlers.ConfigureAsync(fields.Params(parsed, parsed.GetValue(id), parsed.GetValue(catalog)), cancellationToken);
            ShowChanged(added, parsed.GetValue(fields.Json));
            if (!parsed.GetValue(fields.Json) && added is { KeyReference: { } key, HasCredential: false, Origin: { } origin }) { terminal.WriteLine($"Store its key with: plue vault store {key} --origin {origin}"); }
            return ExitCodes.Done;
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(fields.Kind) is null && result.GetValue(catalog) is null) { result.AddError("Set --kind, or --catalog to a catalog vendor."); }
        });
        return command;
    }

    private Command Set()
    {
        var (fields, id) = (new FieldOptions(), Id());
        var catalog = new Option<string?>("--catalog") { Description = "A catalog vendor; an empty string removes it" };
        var unset = new Option<string[]>("--unset") { Description = "Remove a field; can be repeated" };
        return commands.Create("set", "Change fields of a provider", [id, catalog, unset, .. fields.All], async (opened, parsed, cancellationToken) =>
        {
            var known = await opened.Handlers.GetAsync(parsed.GetValue(id)!, cancellationToken);
            ShowChanged(await opened.Handlers.ConfigureAsync(fields.Params(parsed, known.Summary.Id, parsed.GetValue(catalog), parsed.GetValue(unset)), cancellationToken), parsed.GetValue(fields.Json));
            return ExitCodes.Done;
        });
    }

    private Command Enable()
    {
        var (id, json, fd) = (Id(), CommonOptions.Json(), CommonOptions.PassphraseFd());
        return commands.Create("enable", "Enable a provider if it responds", [id, json, fd], async (opened, parsed, cancellationToken) =>
        {
            await opened.UnlockAsync(parsed.GetValue(id)!, parsed.GetValue(fd), terminal, cancellationToken);
            return ShowTested(await opened.Handlers.SetEnabledAsync(parsed.GetValue(id)!, enabled: true, cancellationToken), parsed.GetValue(json));
        });
    }

    private Command Disable()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        return commands.Create("disable", "Disable a provider", [id, json], async (opened, parsed, cancellationToken) =>
        {
            ShowChanged(await opened.Handlers.SetEnabledAsync(parsed.GetValue(id)!, enabled: false, cancellationToken), parsed.GetValue(json));
            return ExitCodes.Done;
        });
    }

    private Command Test()
    {
        var (id, json, fd) = (Id(), CommonOptions.Json(), CommonOptions.PassphraseFd());
        return commands.Create("test", "Test a provider", [id, json, fd], async (opened, parsed, cancellationToken) =>
        {
            await opened.UnlockAsync(parsed.GetValue(id)!, parsed.GetValue(fd), terminal, cancellationToken);
            return ShowTested(await opened.Handlers.TestAsync(parsed.GetValue(id)!, cancellationToken), parsed.GetValue(json));
        });
    }

    private Command Delete()
    {
        var (id, json, fd) = (Id(), CommonOptions.Json(), CommonOptions.PassphraseFd());
        var deleteKey = new Option<bool>("--delete-key") { Description = "Also delete its key from the vault, unless another provider uses it" };
        return commands.Create("delete", "Move a provider's file to the trash", [id, deleteKey, json, fd], async (opened, parsed, cancellationToken) =>
        {
            var withKey = parsed.GetValue(deleteKey);
            if (withKey && (await opened.Vault.StatusAsync(cancellationToken)).Exists) { await VaultCommand.UnlockAsync(opened.Vault, parsed.GetValue(fd), terminal, cancellationToken); }
            var keyIsGone = await opened.Handlers.DeleteAsync(parsed.GetValue(id)!, withKey, cancellationToken);
            terminal.WriteLine(parsed.GetValue(json) ? $$"""{"deleted":true,"keyDeleted":{{(keyIsGone ? "true" : "false")}}}"""
                : $"{parsed.GetValue(id)} is in the trash{(keyIsGone ? " and its key is deleted" : withKey ? "; it had no key of its own" : "")}.");
            return ExitCodes.Done;
        });
    }

    private Command Default()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        var small = new Option<bool>("--small") { Description = "Set the background model provider instead of the default" };
        var model = new Option<string?>("--model") { Description = "One of its models; defaults to its default model" };
        return commands.Create("default", "Set the provider of new chats", [id, small, model, json], async (opened, parsed, cancellationToken) =>
        {
            var choice = new ModelChoice(parsed.GetValue(id)!, parsed.GetValue(model));
            ShowChanged(await opened.Handlers.SetDefaultAsync(choice, parsed.GetValue(small), cancellationToken), parsed.GetValue(json));
            return ExitCodes.Done;
        });
    }

    private void ShowChanged(ProviderSummary provider, bool json)
    {
        if (json) { commands.WriteJson(provider); }
        else { terminal.WriteLine(Line(provider)); }
    }

    private int ShowTested(ProviderSummary provider, bool json)
    {
        ShowChanged(provider, json);
        return provider.Status == ProviderStatus.Connected ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string Line(ProviderSummary provider)
    {
        List<string> words = [provider.Id, provider.Name, provider.Kind, provider.Status.ToString().ToLowerInvariant()];
        if (!provider.Enabled && provider.Status != ProviderStatus.Disabled) { words.Add("(off)"); }
        if (provider.Model is { } model) { words.Add(model); }
        if (provider.IsDefault) { words.Add("(default)"); }
        if (provider.IsDefaultSmall) { words.Add("(small)"); }
        if (provider.Error is { } error) { words.Add(error.Message); }
        return string.Join("  ", words);
    }

    private static Argument<string> Id() => new("id") { Description = "The provider's name in codex://providers/" };

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    /// <summary>Options that add and set share.</summary>
    private sealed class FieldOptions
    {
        public readonly Option<string?> Kind = new("--kind") { Description = "The provider kind" };
        public readonly Option<bool> Json = CommonOptions.Json();
        private readonly Option<string?> name = new("--name") { Description = "The display name" };
        private readonly Option<string?> endpoint = new("--endpoint") { Description = "The endpoint URL; an empty string removes it" };
        private readonly Option<string?> model = new("--model") { Description = "The default model; an empty string removes it" };
        private readonly Option<string[]> anyField = new("--field") { Description = "Another field of the file, as NAME=VALUE; the value is JSON or text. Store keys in the vault instead" };
        private readonly Option<bool> asDefault = new("--default") { Description = "Use it for new chats" };
        private readonly Option<bool> asSmall = new("--default-small") { Description = "Use it for background work" };

        public FieldOptions()
        {
            Kind.AcceptOnlyFromAmong([.. Providers.ProviderKinds.All]);
            anyField.Validators.Add(result =>
            {
                if (result.Tokens.Any(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1)) { result.AddError("--field must have the form NAME=VALUE."); }
            });
        }

        public IReadOnlyList<Symbol> All => [Kind, name, endpoint, model, anyField, asDefault, asSmall, Json];

        public ProviderConfigureParams Params(ParseResult parsed, string? id, string? catalog, string[]? unset = null)
        {
            var fields = (parsed.GetValue(anyField) ?? []).Select(pair => pair.Split('=', 2)).GroupBy(pair => pair[0], StringComparer.Ordinal)
                .ToDictionary(pairs => pairs.Key, pairs => FieldValue.Of(pairs.Last()[1]), StringComparer.Ordinal);
            foreach (var gone in unset ?? []) { fields[gone] = JsonElement.Parse("null"); }

            return new ProviderConfigureParams(
                id, parsed.GetValue(name) ?? "", parsed.GetValue(Kind) ?? "", parsed.GetValue(endpoint), parsed.GetValue(model), null, parsed.GetValue(asDefault), parsed.GetValue(asSmall), catalog, fields);
        }
    }
}

/// <summary>The services of <c>plue providers</c> and <c>plue models</c>; bound in Composition.</summary>
internal sealed record ProviderCommandServices(ProviderHandlers Handlers, ProviderRegistry Providers, Vault.Vault Vault, Func<string, string> Mask, Func<ValueTask> Dispose) : ICommandServices
{
    /// <summary>Whether a provider of this id has a file of its own.</summary>
    public bool HasFile(string id) => Providers.Find(id) is { Settings.Source: ProviderSource.File };

    /// <summary>Unlocks the vault for a provider that is about to be used, which may be the default provider.</summary>
    public async Task UnlockAsync(string id, int? passphraseFd, Terminal terminal, CancellationToken cancellationToken)
    {
        var asked = id switch
        {
            ProviderRegistry.DefaultLarge => await Providers.DefaultIdAsync(cancellationToken),
            ProviderRegistry.DefaultSmall => await Providers.DefaultSmallIdAsync(cancellationToken),
            _ => id,
        };
        await VaultCommand.UnlockIfRequestedAsync(new(Vault), passphraseFd, Providers.Find(asked) is { Settings: var settings } ? [settings] : [], terminal, cancellationToken);
    }

    public ValueTask DisposeAsync() => Dispose();
}
