using System.CommandLine;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Permissions;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Cli;

/// <summary>
/// <c>plue chat</c>: a stored chat with tools in the terminal, or one message to it. VS Code shows the same chat. Exit codes: 0 done, 1 failed, 2 bad usage,
/// 4 a call was denied because nobody could be asked, 130 interrupted.
/// </summary>
internal sealed class ChatCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string?> prompt = new("prompt")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The message. Piped input is appended to it. Without both, you chat line by line.",
    };
    private readonly Option<string?> resume = new("--resume")
    {
        Description = "Continue a chat, by its ID as plue chats list prints it",
        HelpName = "ID",
    };
    private readonly Option<bool> goOn = new("--continue") { Description = "Continue the chat that was last used in this folder" };
    private readonly Option<string> template = new("--template")
    {
        Description = "The chat template, by its ID",
        DefaultValueFactory = _ => TemplateCollections.ChatRoot,
    };
    private readonly Option<string?> provider = new("--provider") { Description = "A configured provider; defaults to that of the chat" };
    private readonly Option<string?> model = new("--model") { Description = "The model; defaults to that of the chat" };
    private readonly Option<string?> mode = new("--permission-mode")
    {
        Description = "ask before changes, edit files without asking, plan only, or read only",
    };
    private readonly Option<string?> workspace = TemplateOptions.Folder(
        "The folder of the agent, which trusts it; defaults to the current folder, after a question"
    );
    private readonly Option<string?> policy = PolicyFile.Option();
    private readonly Option<bool> json = new("--json") { Description = "Print one event per line, as plue run does" };
    private readonly Option<int?> passphraseFd = CommonOptions.PassphraseFd();

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new ChatCommand(open, terminal).Build();

    private Command Build()
    {
        resume.CompletionSources.Add(_ => CompletionIds.Of(open, services => services.Store.Chats.List()));
        mode.AcceptOnlyFromAmong([.. Enum.GetValues<PermissionMode>().Select(PermissionModes.NameOf)]);
        var command = Subcommands.Verb(
            "chat",
            "Chat with an agent in the terminal, for example: plue chat --continue",
            [prompt, resume, goOn, template, provider, model, mode, workspace, policy, json, passphraseFd],
            terminal,
            parsed => open(parsed.GetValue(workspace)),
            RunAsync,
            (services, fault) => services?.Platform.Redactor.Mask(fault.Message) ?? fault.Message
        );
        command.Validators.Add(result =>
        {
            if (result.GetValue(resume) is not null && result.GetValue(goOn))
            {
                result.AddError("Use either --resume or --continue, not both.");
            }
            if (result.GetResult(template) is { Implicit: false } && (result.GetValue(resume) is not null || result.GetValue(goOn)))
            {
                result.AddError("--template is for new chats. An existing chat keeps its template.");
            }
        });
        return command;
    }

    private async Task<int> RunAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var isAttended = terminal is { CanAsk: true, IsDisplay: true };
        var isInteractive = isAttended && string.IsNullOrWhiteSpace(parsed.GetValue(prompt));
        string? message = null;
        if (!isInteractive)
        {
            message = await MessageInput.ReadAsync(
                terminal,
                parsed.GetValue(prompt),
                "The message is missing. Pass one: plue chat \"What does this project do?\"",
                cancellationToken
            );
        }

        OpenFolder(services, parsed.GetValue(workspace), isAttended);
        var existing = Existing(services, parsed);
        await using var session = new ChatSession(
            services,
            terminal,
            parsed.GetValue(json),
            isUnattended: !isAttended,
            PolicyFile.Read(parsed.GetValue(policy))
        );
        await session.OpenAsync(
            existing,
            parsed.GetValue(template)!,
            new ChatFields(ProviderId: parsed.GetValue(provider), Model: parsed.GetValue(model))
            {
                Values = parsed.GetValue(mode) is { } named
                    ? new Dictionary<string, JsonElement>(StringComparer.Ordinal)
                    {
                        [PermissionModes.Field] = JsonSerializer.SerializeToElement(named, StoredJson.Default.String),
                    }
                    : null,
            },
            cancellationToken
        );
        await VaultCommand.UnlockIfRequestedAsync(
            services.Vault.Vault,
            parsed.GetValue(passphraseFd),
            session.Provider is { } settings ? [settings] : [],
            terminal,
            cancellationToken
        );
        return message is null ? await session.ConverseAsync(cancellationToken) : await session.AskAsync(message, cancellationToken);
    }

    /// <summary>Opens the current folder if no other was named: trusted if the user said so, here or earlier.</summary>
    private void OpenFolder(Services services, string? named, bool isAttended)
    {
        if (named is not null)
        {
            return;
        }

        var folder = Environment.CurrentDirectory;
        var trusted = new TrustedFolders(services.Platform.Paths);
        var isTrusted = trusted.Contains(folder);
        if (!isTrusted && isAttended)
        {
            terminal.WriteError($"Do you trust the files in {Platform.HiddenCharacters.VisibleLine(folder)}?");
            terminal.WriteToDisplay("The agent works there, and its instructions, templates, and MCP servers are used. [y]es, [n]o: ");
            isTrusted = IsYes();
            if (isTrusted)
            {
                trusted.Add(folder);
            }
        }
        if (!isTrusted)
        {
            terminal.WriteError(
                isAttended
                    ? "The agent has no folder."
                    : "The agent has no folder. To let it work in this one, which trusts it, add --workspace ."
            );
        }

        services.Platform.Workspace.Open(folder, isTrusted);
    }

    private bool IsYes()
    {
        while (true)
        {
            switch (char.ToLowerInvariant(terminal.ReadKey().KeyChar))
            {
                case 'y':
                    terminal.WriteError("y");
                    return true;
                case 'n':
                case '\u001b':
                case '\u0004':
                    terminal.WriteError("n");
                    return false;
            }
        }
    }

    /// <summary>Gets the address of the chat to continue; null for a new one.</summary>
    /// <exception cref="FailureException">NotFound.</exception>
    private string? Existing(Services services, ParseResult parsed)
    {
        if (parsed.GetValue(resume) is { } named)
        {
            return TaskControl.UriOf(named);
        }
        if (!parsed.GetValue(goOn))
        {
            return null;
        }

        var folder = services.Platform.Workspace.OpenFolder!;
        return services.Store.Folders.ChatsOf(folder).FirstOrDefault(id => IsContinuable(services, id)) is { } last
            ? CodexUri.OfChannel(last).ToString()
            : throw new FailureException(
                FailureKind.NotFound,
                $"No chat was used in {folder} yet. Start one with plue chat, or name one of plue chats list with --resume."
            );
    }

    private static bool IsContinuable(Services services, string id)
    {
        try
        {
            return services.Store.Chats.Read(id) is { Archived: false, IsTask: false };
        }
        catch (FailureException)
        {
            return false; // It was deleted.
        }
    }
}
