using Plue.Server.Templates;

namespace Plue.Server.Chat;

internal enum ChatAction
{
    Stop,
    Pause,
    Resume,
    Steer,
    SetBudget,
}

/// <summary>A user's command for a running chat or task.</summary>
/// <param name="Text">The message of <see cref="ChatAction.Steer"/>.</param>
/// <param name="Budget">The limits of <see cref="ChatAction.SetBudget"/>.</param>
internal sealed record ChatCommand(string CodexId, ChatAction Action, string? Text = null, AgentBudget? Budget = null);
