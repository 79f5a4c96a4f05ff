using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Vault;

namespace Plue.Server.Cli;

/// <summary>
/// <c>plue vault</c>. Each call is a separate process, so a command that needs the key unlocks the vault first: with <c>--passphrase-fd</c>, with the
/// keychain if the vault uses it, or with a prompt.
/// </summary>
internal static class VaultCommand
{
    public static Command Create(Func<VaultAccess> vault, Terminal terminal)
    {
        var command = new Command("vault", "Manage encrypted provider keys and the origins they may be sent to");
        command.Subcommands.Add(Status(vault, terminal));
        command.Subcommands.Add(Make(vault, terminal));
        command.Subcommands.Add(Unlock(vault, terminal));
        command.Subcommands.Add(AddUnlockMethod(vault, terminal));
        command.Subcommands.Add(List(vault, terminal));
        command.Subcommands.Add(Store(vault, terminal));
        command.Subcommands.Add(Rotate(vault, terminal));
        command.Subcommands.Add(Rename(vault, terminal));
        command.Subcommands.Add(SetOrigins(vault, terminal));
        command.Subcommands.Add(ImportEnv(vault, terminal));
        command.Subcommands.Add(Delete(vault, terminal));
        return command;
    }

    private static Command Status(Func<VaultAccess> vault, Terminal terminal)
    {
        var json = CommonOptions.Json();
        return Verb(
            "status",
            "Show whether a vault exists and how it is unlocked, for example: plue vault status",
            [json],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                var status = await opened.StatusAsync(cancellationToken).ConfigureAwait(false);
                var keychain = await opened.IsKeychainAvailableAsync(cancellationToken).ConfigureAwait(false);
                if (parsed.GetValue(json))
                {
                    terminal.WriteLine(ToJson(writer => WriteStatus(writer, status, keychain)));
                }
                else
                {
                    terminal.WriteLine(
                        status switch
                        {
                            { Problem: { } problem } => problem,
                            { Exists: false } => "There is no vault yet. Create one with: plue vault create",
                            _ => $"The vault is unlocked by: {string.Join(", ", status.UnlockMethods)}.",
                        }
                    );
                    terminal.WriteLine(keychain ? "This machine's keychain responds." : "The keychain of this machine is not available.");
                }

                return status.Problem is null ? ExitCodes.Done : ExitCodes.Failed;
            }
        );
    }

    private static Command Make(Func<VaultAccess> vault, Terminal terminal)
    {
        var (method, json) = (MethodOption(), CommonOptions.Json());
        var passphraseFd = PassphraseFd("--passphrase-fd", "Read the new passphrase from this file descriptor");
        return Verb(
            "create",
            "Create a vault, for example: plue vault create",
            [method, passphraseFd, json],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                var chosen = await NewUnlockMethodAsync(
                        opened,
                        parsed.GetValue(method),
                        parsed.GetValue(passphraseFd),
                        terminal,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                await opened.CreateAsync(chosen, cancellationToken).ConfigureAwait(false);
                return Done(
                    terminal,
                    parsed.GetValue(json),
                    "unlockMethod",
                    chosen.Kind,
                    $"The vault was created. Unlock method: {chosen.Kind}."
                );
            }
        );
    }

    private static Command Unlock(Func<VaultAccess> vault, Terminal terminal)
    {
        var (fd, json) = (PassphraseFd(), CommonOptions.Json());
        var acceptOlder = new Option<bool>("--accept-older")
        {
            Description = "Accept a vault file that is older than the one last used on this machine",
        };
        var command = Verb(
            "unlock",
            "Check that the vault can be unlocked, for example: plue vault unlock",
            [fd, acceptOlder, json],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                await UnlockAsync(opened, parsed.GetValue(fd), terminal, cancellationToken, parsed.GetValue(acceptOlder))
                    .ConfigureAwait(false);
                if (!parsed.GetValue(json))
                {
                    terminal.WriteLine("The vault can be unlocked.");
                    return ExitCodes.Done;
                }

                Subcommands.WriteObject(terminal, writer => writer.WriteBoolean("isUnlockable"u8, true));
                return ExitCodes.Done;
            }
        );
        command.Aliases.Add("unlock-check");
        return command;
    }

    private static Command AddUnlockMethod(Func<VaultAccess> vault, Terminal terminal)
    {
        var (method, json, fd, newFd) = (
            MethodOption(),
            CommonOptions.Json(),
            PassphraseFd(),
            PassphraseFd("--new-passphrase-fd", "Read the new passphrase from this file descriptor")
        );
        return Verb(
            "add-way",
            "Add an unlock method, or change the passphrase, for example: plue vault add-way --way keychain",
            [method, fd, newFd, json],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                await UnlockAsync(opened, parsed.GetValue(fd), terminal, cancellationToken).ConfigureAwait(false);
                var chosen = await NewUnlockMethodAsync(
                        opened,
                        parsed.GetValue(method),
                        parsed.GetValue(newFd),
                        terminal,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                await opened.AddUnlockMethodAsync(chosen, cancellationToken).ConfigureAwait(false);
                return Done(terminal, parsed.GetValue(json), "unlockMethod", chosen.Kind, $"Added the unlock method {chosen.Kind}.");
            }
        );
    }

    private static Command List(Func<VaultAccess> vault, Terminal terminal)
    {
        var (fd, json) = (PassphraseFd(), CommonOptions.Json());
        return Verb(
            "list",
            "List stored keys by name, origins and last use, without their values, for example: plue vault list",
            [fd, json],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                await UnlockAsync(opened, parsed.GetValue(fd), terminal, cancellationToken).ConfigureAwait(false);
                var entries = await opened.ListAsync(cancellationToken).ConfigureAwait(false);
                if (parsed.GetValue(json))
                {
                    terminal.WriteLine(ToJson(writer => WriteEntries(writer, entries)));
                }
                else if (entries.Count == 0)
                {
                    terminal.WriteLine("The vault is empty.");
                }
                else
                {
                    foreach (var entry in entries)
                    {
                        terminal.WriteLine(Line(entry));
                    }
                }

                return ExitCodes.Done;
            }
        );
    }

    private static Command Store(Func<VaultAccess> vault, Terminal terminal)
    {
        var reference = Reference();
        var origins = Origins();
        var (fd, secretFd, json) = (PassphraseFd(), SecretFd(), CommonOptions.Json());
        return Verb(
            "store",
            "Store a key, or replace one, for example: plue vault store vault://my-server/api_key --origin https://llm.example",
            [reference, origins, fd, secretFd, json],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                await UnlockWithSecretAsync(opened, parsed.GetValue(fd), parsed.GetValue(secretFd), terminal, cancellationToken)
                    .ConfigureAwait(false);
                var secret = ReadSecret(parsed.GetValue(secretFd), terminal);
                await opened
                    .StoreAsync(parsed.GetValue(reference)!, secret, parsed.GetValue(origins)!, cancellationToken)
                    .ConfigureAwait(false);
                return parsed.GetValue(json)
                    ? await ShowAsync(opened, parsed.GetValue(reference)!, json: true, terminal, cancellationToken).ConfigureAwait(false)
                    : Done(terminal, false, "", "", $"Stored {parsed.GetValue(reference)}.");
            }
        );
    }

    private static Command Rotate(Func<VaultAccess> vault, Terminal terminal)
    {
        var (reference, json, fd, secretFd) = (Reference(), CommonOptions.Json(), PassphraseFd(), SecretFd());
        return Verb(
            "rotate",
            "Replace a key and keep its origins, for example: plue vault rotate vault://my-server/api_key",
            [reference, json, fd, secretFd],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                await UnlockWithSecretAsync(opened, parsed.GetValue(fd), parsed.GetValue(secretFd), terminal, cancellationToken)
                    .ConfigureAwait(false);
                await opened
                    .RotateAsync(parsed.GetValue(reference)!, ReadSecret(parsed.GetValue(secretFd), terminal), cancellationToken)
                    .ConfigureAwait(false);
                return await ShowAsync(opened, parsed.GetValue(reference)!, parsed.GetValue(json), terminal, cancellationToken)
                    .ConfigureAwait(false);
            }
        );
    }

    private static Command Rename(Func<VaultAccess> vault, Terminal terminal)
    {
        var (reference, json, fd) = (Reference(), CommonOptions.Json(), PassphraseFd());
        var newReference = new Argument<string>("new-reference")
        {
            Description = "The new name. Provider files that refer to the key are updated",
        };
        return Verb(
            "rename",
            "Rename a key, for example: plue vault rename vault://old/api_key vault://new/api_key",
            [reference, newReference, json, fd],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                await UnlockAsync(services.Vault, parsed.GetValue(fd), terminal, cancellationToken).ConfigureAwait(false);
                var changed = await services
                    .Rename(parsed.GetValue(reference)!, parsed.GetValue(newReference)!, cancellationToken)
                    .ConfigureAwait(false);
                if (changed.Count > 0 && !parsed.GetValue(json))
                {
                    terminal.WriteLine($"Updated files: {string.Join(", ", changed)}.");
                }
                return await ShowAsync(services.Vault, parsed.GetValue(newReference)!, parsed.GetValue(json), terminal, cancellationToken)
                    .ConfigureAwait(false);
            }
        );
    }

    private static Command SetOrigins(Func<VaultAccess> vault, Terminal terminal)
    {
        var (reference, origins, json, fd) = (Reference(), Origins(), CommonOptions.Json(), PassphraseFd());
        return Verb(
            "set-origins",
            "Set the allowed origins of a key, for example: plue vault set-origins vault://my-server/api_key --origin https://llm.example",
            [reference, origins, json, fd],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                await UnlockAsync(services.Vault, parsed.GetValue(fd), terminal, cancellationToken).ConfigureAwait(false);
                await services
                    .Vault.SetOriginsAsync(parsed.GetValue(reference)!, parsed.GetValue(origins)!, cancellationToken)
                    .ConfigureAwait(false);
                return await ShowAsync(services.Vault, parsed.GetValue(reference)!, parsed.GetValue(json), terminal, cancellationToken)
                    .ConfigureAwait(false);
            }
        );
    }

    private static Command ImportEnv(Func<VaultAccess> vault, Terminal terminal)
    {
        var file = new Argument<string>("file")
        {
            Description = "A .env file. Keys of known vendors are imported; others need --name and --origin",
        };
        var name = new Option<string?>("--name") { Description = "Import only this variable" };
        var origins = new Option<string[]>("--origin")
        {
            Description = "The allowed origin of that key",
            AllowMultipleArgumentsPerToken = true,
        };
        var (json, fd) = (CommonOptions.Json(), PassphraseFd());
        return Verb(
            "import-env",
            "Import keys from a .env file, for example: plue vault import-env .env",
            [file, name, origins, json, fd],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var found = EnvFile
                    .Read(parsed.GetValue(file)!)
                    .Select(variable => (Suggestion: EnvSuggestion.Of(variable.Key), variable.Value))
                    .Where(entry => parsed.GetValue(name) is not { } only || only == entry.Suggestion.Name)
                    .Select(entry =>
                        (
                            entry.Suggestion,
                            entry.Value,
                            Origins: parsed.GetValue(name) is not null && parsed.GetValue(origins) is { Length: > 0 } own
                                ? own
                                : entry.Suggestion.Origins
                        )
                    )
                    .Where(entry => entry.Origins.Count > 0)
                    .ToList();
                if (found.Count == 0)
                {
                    throw new FailureException(
                        FailureKind.NotFound,
                        "The file contains no key of a known vendor. Select a variable with --name and set its allowed origin with --origin."
                    );
                }

                await UnlockAsync(services.Vault, parsed.GetValue(fd), terminal, cancellationToken).ConfigureAwait(false);
                foreach (var (suggestion, secret, bound) in found)
                {
                    await services.Vault.StoreAsync(suggestion.Reference, secret, bound, cancellationToken).ConfigureAwait(false);
                }

                var entries = (await services.Vault.ListAsync(cancellationToken).ConfigureAwait(false))
                    .Where(entry => found.Exists(taken => taken.Suggestion.Reference == entry.Reference))
                    .ToList();
                terminal.WriteLine(
                    parsed.GetValue(json)
                        ? ToJson(writer => WriteEntries(writer, entries))
                        : string.Join(Environment.NewLine, entries.Select(Line))
                );
                return ExitCodes.Done;
            }
        );
    }

    private static int Done(Terminal terminal, bool json, string member, string value, string sentence)
    {
        if (json)
        {
            Subcommands.WriteObject(terminal, writer => writer.WriteString(member, value));
        }
        else
        {
            terminal.WriteLine(sentence);
        }
        return ExitCodes.Done;
    }

    private static async Task<int> ShowAsync(
        Vault.Vault vault,
        string reference,
        bool json,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        var entry = (await vault.ListAsync(cancellationToken).ConfigureAwait(false)).Single(entry => entry.Reference == reference);
        terminal.WriteLine(json ? ToJson(writer => WriteEntries(writer, [entry])) : Line(entry));
        return ExitCodes.Done;
    }

    /// <summary>Unlocks the vault, unless the passphrase and the key would be read from the same place.</summary>
    private static Task UnlockWithSecretAsync(
        Vault.Vault vault,
        int? passphraseFd,
        int? secretFd,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        var isPiped = secretFd is null && terminal.IsInputRedirected;
        if ((isPiped ? 0 : secretFd) is { } shared && shared == passphraseFd)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                "The key and the passphrase cannot both come from one file descriptor. Use different ones for --secret-fd and --passphrase-fd."
            );
        }

        return UnlockAsync(vault, passphraseFd, terminal, cancellationToken);
    }

    private static string ReadSecret(int? secretFd, Terminal terminal) =>
        secretFd is { } descriptor ? SecretInput.FromDescriptor(descriptor, terminal)
        : terminal.IsInputRedirected ? SecretInput.FromPipe(terminal)
        : SecretInput.FromPrompt(terminal, "Key: ", "Enter the key, or pipe it to stdin.");

    private static Option<int?> SecretFd() =>
        PassphraseFd("--secret-fd", "Read the key from this file descriptor; defaults to stdin or a prompt");

    private static Option<string[]> Origins() =>
        new("--origin")
        {
            Description = "An allowed origin of the key, as a URL; can be repeated",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };

    private static Command Delete(Func<VaultAccess> vault, Terminal terminal)
    {
        var (reference, json, fd) = (Reference(), CommonOptions.Json(), PassphraseFd());
        return Verb(
            "delete",
            "Delete a key, for example: plue vault delete vault://my-server/api_key",
            [reference, fd, json],
            terminal,
            vault,
            async (services, parsed, cancellationToken) =>
            {
                var opened = services.Vault;
                await UnlockAsync(opened, parsed.GetValue(fd), terminal, cancellationToken).ConfigureAwait(false);
                await opened.DeleteAsync(parsed.GetValue(reference)!, cancellationToken).ConfigureAwait(false);
                return Done(
                    terminal,
                    parsed.GetValue(json),
                    "deleted",
                    parsed.GetValue(reference)!,
                    $"Deleted {parsed.GetValue(reference)}."
                );
            }
        );
    }

    private static Command Verb(
        string name,
        string description,
        Symbol[] symbols,
        Terminal terminal,
        Func<VaultAccess> vault,
        Func<VaultAccess, ParseResult, CancellationToken, Task<int>> run
    ) => Subcommands.Verb(name, description, symbols, terminal, _ => vault(), run, (_, fault) => fault.Message);

    internal static async Task UnlockAsync(
        Vault.Vault vault,
        int? passphraseFd,
        Terminal terminal,
        CancellationToken cancellationToken,
        bool acceptOlder = false
    )
    {
        var status = await vault.StatusAsync(cancellationToken).ConfigureAwait(false);
        if (!status.Exists)
        {
            throw new FailureException(FailureKind.NotFound, "There is no vault yet. Create one with: plue vault create");
        }

        if (status.Problem is { } problem)
        {
            throw new FailureException(FailureKind.VaultLocked, problem);
        }

        if (passphraseFd is null && status.UnlockMethods.Contains(UnlockMethod.KeychainKind))
        {
            try
            {
                await vault.UnlockAsync(UnlockMethod.Keychain, cancellationToken, acceptOlder).ConfigureAwait(false);
                return;
            }
            catch (FailureException exception)
                when (exception.Failure.Kind != FailureKind.VaultOlder
                    && status.UnlockMethods.Contains(UnlockMethod.PassphraseKind)
                    && !terminal.IsInputRedirected
                )
            {
                terminal.WriteError(exception.Message);
            }
        }

        if (!status.UnlockMethods.Contains(UnlockMethod.PassphraseKind))
        {
            throw new FailureException(
                FailureKind.VaultLocked,
                "The vault has no passphrase, so the command line cannot unlock it. Add a passphrase from the editor."
            );
        }

        // If stdin is a terminal, a prompt without echo replaces it.
        var passphrase =
            passphraseFd is { } descriptor && !(descriptor == 0 && terminal.CanAsk)
                ? SecretInput.FromDescriptor(descriptor, terminal)
                : SecretInput.FromPrompt(
                    terminal,
                    "Passphrase of the vault: ",
                    "Enter the passphrase in a terminal, or pass it with --passphrase-fd."
                );
        await vault.UnlockAsync(UnlockMethod.Passphrase(passphrase), cancellationToken, acceptOlder).ConfigureAwait(false);
    }

    /// <summary>Unlocks the vault as <see cref="UnlockAsync"/> does if one of the providers has its key there; otherwise the user is not prompted.</summary>
    /// <exception cref="FailureException">VaultLocked, MissingField: no prompt was possible.</exception>
    internal static async Task UnlockForAsync(
        Vault.Vault vault,
        IEnumerable<ProviderSettings> asked,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        var wanted = asked.SelectMany(KeysOf).Where(SecretReference.IsVault).ToList();
        if (wanted.Count == 0 || !(await vault.ReferencesAsync(cancellationToken).ConfigureAwait(false)).Overlaps(wanted))
        {
            return;
        }
        if (await vault.StatusAsync(cancellationToken).ConfigureAwait(false) is { Locked: true })
        {
            await UnlockAsync(vault, null, terminal, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Unlocks with the given passphrase, otherwise like <see cref="UnlockForAsync"/>. For commands that can run without the vault: a failure is written to stderr,
    /// and a provider that needs a key reports it.
    /// </summary>
    /// <exception cref="FailureException">The passphrase is wrong.</exception>
    internal static async Task UnlockIfRequestedAsync(
        Vault.Vault vault,
        int? passphraseFd,
        IEnumerable<ProviderSettings> asked,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (passphraseFd is { } descriptor)
            {
                await UnlockAsync(vault, descriptor, terminal, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await UnlockForAsync(vault, asked, terminal, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (FailureException fault) when (passphraseFd is null)
        {
            terminal.WriteError(fault.Message);
        }
    }

    /// <summary>Unlocks only with the keychain, without a prompt. If that fails, a provider that needs a key reports it.</summary>
    internal static async Task UnlockByKeychainAsync(Vault.Vault vault, CancellationToken cancellationToken)
    {
        if (
            await vault.StatusAsync(cancellationToken).ConfigureAwait(false) is not { Locked: true } status
            || !status.UnlockMethods.Contains(UnlockMethod.KeychainKind)
        )
        {
            return;
        }

        try
        {
            await vault.UnlockAsync(UnlockMethod.Keychain, cancellationToken).ConfigureAwait(false);
        }
        catch (FailureException)
        { /* It stays locked, which is reported where it matters. */
        }
    }

    private static IEnumerable<string> KeysOf(ProviderSettings settings)
    {
        var key = settings.AuthType == AuthType.Oauth ? OAuthTokens.AccessReference(settings.Id) : settings.ApiKeyRef;
        return key is null ? settings.AdditionalAuth.Values : [key, .. settings.AdditionalAuth.Values];
    }

    private static async Task<UnlockMethod> NewUnlockMethodAsync(
        Vault.Vault vault,
        string? kind,
        int? passphraseFd,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        if (kind is null && passphraseFd is null)
        {
            kind = await vault.IsKeychainAvailableAsync(cancellationToken).ConfigureAwait(false)
                ? UnlockMethod.KeychainKind
                : UnlockMethod.PassphraseKind;
            if (kind == UnlockMethod.PassphraseKind)
            {
                terminal.WriteError("The keychain of this machine is not available, so the vault needs a passphrase.");
            }
        }

        if (kind == UnlockMethod.KeychainKind)
        {
            return UnlockMethod.Keychain;
        }

        if (passphraseFd is { } descriptor)
        {
            return UnlockMethod.Passphrase(SecretInput.FromDescriptor(descriptor, terminal));
        }

        const string Otherwise = "Enter the passphrase twice in a terminal, or pass it with a file descriptor.";
        var first = SecretInput.FromPrompt(terminal, "New passphrase: ", Otherwise);
        var second = SecretInput.FromPrompt(terminal, "Once more: ", Otherwise);
        return first == second
            ? UnlockMethod.Passphrase(first)
            : throw new FailureException(FailureKind.BadRequest, "The passphrases do not match. Nothing was changed. Try again.");
    }

    private static Option<int?> PassphraseFd(
        string name = "--passphrase-fd",
        string description = "Read the vault's passphrase from this file descriptor"
    )
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (
                result.Tokens is [var token]
                && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var descriptor)
                && descriptor is < 0 or 1 or 2
            )
            {
                result.AddError($"{name} takes 0 for stdin, or a file descriptor from 3.");
            }
        });
        return option;
    }

    private static Option<string?> MethodOption()
    {
        var option = new Option<string?>("--way") { Description = "The unlock method; defaults to the keychain if available" };
        option.AcceptOnlyFromAmong(UnlockMethod.KeychainKind, UnlockMethod.PassphraseKind);
        return option;
    }

    private static Argument<string> Reference() =>
        new("reference") { Description = "vault://owner/name, such as vault://anthropic/api_key" };

    private static string Line(VaultEntry entry)
    {
        var ending = entry.LastFour.Length > 0 ? $"…{entry.LastFour}" : "…";
        var lastUsed = entry.LastUsed is { } at ? $"last used {at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)}" : "never used";
        return $"{entry.Reference}  {ending}  {string.Join(' ', entry.Origins)}  {lastUsed}";
    }

    private static string ToJson(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void WriteStatus(Utf8JsonWriter writer, VaultStatus status, bool keychain)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("exists", status.Exists);
        writer.WriteStartArray("ways");
        foreach (var method in status.UnlockMethods)
        {
            writer.WriteStringValue(method);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("keychainAvailable", keychain);
        if (status.Problem is { } problem)
        {
            writer.WriteString("problem", problem);
        }

        writer.WriteEndObject();
    }

    private static void WriteEntries(Utf8JsonWriter writer, IReadOnlyList<VaultEntry> entries)
    {
        writer.WriteStartArray();
        foreach (var entry in entries)
        {
            writer.WriteStartObject();
            writer.WriteString("reference", entry.Reference);
            writer.WriteStartArray("origins");
            foreach (var origin in entry.Origins)
            {
                writer.WriteStringValue(origin);
            }

            writer.WriteEndArray();
            writer.WriteString("lastFour", entry.LastFour);
            writer.WriteString("storedAt", entry.StoredAt);
            if (entry.LastUsed is { } at)
            {
                writer.WriteString("lastUsed", at);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

/// <param name="Rename">Renames an entry and its references in provider files. Returns the changed providers.</param>
internal sealed record VaultAccess(Vault.Vault Vault, Func<string, string, CancellationToken, Task<IReadOnlyList<string>>> Rename)
{
    internal static VaultAccess Of(Services services) => new(services.Vault.Vault, services.ProviderKeys.RenameAsync);
}
