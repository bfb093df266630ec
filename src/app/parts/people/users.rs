//! All users, and a form for a new one.

use leptos::prelude::*;

use super::{Said, button, field, moment, said, table, tabs, tile};
use crate::app::parts::html;
use crate::domain::{Role, Standing, UserInfo};

pub fn users(users: Vec<UserInfo>, password_min: usize, before: Option<Said>) -> String {
    html(|| {
        let rows = users.into_iter().map(|user| {
            let name = user.name.to_string();
            let switch = match user.standing {
                Standing::Disabled => button("/users", "enable", name.clone(), "Enable"),
                Standing::Active => button("/users", "disable", name.clone(), "Disable"),
            };
            view! {
                <tr>
                    <th scope="row">{name.clone()}</th>
                    <td>
                        <form class="row" method="post" action="/users">
                            <input type="hidden" name="command" value="role" />
                            <input type="hidden" name="about" value=name.clone() />
                            {roles(user.role, format!("Role of {name}"))}
                            <button type="submit" class="button">
                                "Set"
                            </button>
                        </form>
                    </td>
                    <td>{user.standing.to_string()}</td>
                    {moment(Some(user.made_at), "")}
                    <td>{switch}</td>
                </tr>
            }
            .into_any()
        });
        let heads = ["Name", "Role", "State", "Since", ""];
        let list = table("Users", &heads, rows.collect());
        let min = password_min.to_string();
        let add = view! {
            <form class="stack" method="post" action="/users">
                <input type="hidden" name="command" value="add" />
                {field(
                    "Name",
                    view! {
                        <input
                            name="name"
                            required
                            maxlength="32"
                            pattern="[a-z][a-z0-9._\\-]*"
                            title="Small letters, digits, dots, lines; a letter first"
                            autocomplete="off"
                            autocapitalize="none"
                            spellcheck="false"
                        />
                    },
                )}
                {field("Role", roles(Role::Viewer, "Role".to_owned()))}
                {field(
                    "Password",
                    view! {
                        <input
                            name="password"
                            type="password"
                            required
                            autocomplete="new-password"
                            minlength=min.clone()
                            maxlength="1024"
                        />
                    },
                )}
                <div class="buttons">
                    <button type="submit" class="button">
                        "Add the user"
                    </button>
                </div>
            </form>
        }
        .into_any();
        let password = view! {
            <form class="stack" method="post" action="/users">
                <input type="hidden" name="command" value="password" />
                {field(
                    "Name",
                    view! { <input name="about" required maxlength="32" autocomplete="off" autocapitalize="none" /> },
                )}
                {field(
                    "New password",
                    view! {
                        <input
                            name="password"
                            type="password"
                            required
                            autocomplete="new-password"
                            minlength=min
                            maxlength="1024"
                        />
                    },
                )}
                <div class="buttons">
                    <button type="submit" class="button">
                        "Set the password"
                    </button>
                </div>
                <p class="hint">"All sessions of the user end with it."</p>
            </form>
        }
        .into_any();
        view! {
            {tabs(true, "/users")}
            {said(before)}
            {tile("Users", "", list)}
            {tile("A new user", "span-6", add)}
            {tile("A forgotten password", "span-6", password)}
        }
        .into_any()
    })
}

fn roles(chosen: Role, label: String) -> AnyView {
    let options: Vec<_> = Role::ALL
        .iter()
        .copied()
        .map(|role| {
            view! {
                <option value=role.to_string() selected=role == chosen>
                    {role.to_string()}
                </option>
            }
        })
        .collect();
    view! {
        <select name="role" aria-label=label>
            {options}
        </select>
    }
    .into_any()
}
